//! Device sign-in.

use std::sync::Arc;

use devidp::Fault;
use identity::{DeviceAnswer, DeviceStarted, Devices, Error, Limits};
use secrecy::ExposeSecret as _;

use crate::office::Office;

async fn approve(office: &Office, user_code: &str, login: &str) {
    let page = format!("{}/device", office.idp.url());
    let (status, _) =
        office.idp.browser().post(&page, &[("user_code", user_code), ("person", login)]).await.unwrap();
    assert_eq!(status, 200);
}

async fn poll(devices: &Devices, started: &DeviceStarted) -> Result<DeviceAnswer, Error> {
    devices.poll(started.id.expose_secret()).await
}

fn is_pending(answer: &Result<DeviceAnswer, Error>) -> bool {
    matches!(answer, Ok(DeviceAnswer::Pending { .. }))
}

#[tokio::test]
async fn a_person_connects_a_command_line() {
    let office = Office::open().await;
    let devices = Devices::new(Arc::clone(&office.party));
    let started = devices.begin().await.unwrap();
    assert_eq!(started.verification_uri, format!("{}/device", office.idp.url()));
    assert_eq!(started.user_code.len(), 8);
    assert!(is_pending(&poll(&devices, &started).await));
    assert!(is_pending(&poll(&devices, &started).await), "too early: the issuer isn't even asked");
    approve(&office, &started.user_code, "alice").await;
    office.clock.step_ms(started.interval_s * 1000);
    match poll(&devices, &started).await {
        Ok(DeviceAnswer::SignedIn(signed_in)) => {
            assert_eq!(signed_in.person().identity().subject, "u-alice");
        }
        _ => panic!("connected"),
    }
    assert!(matches!(poll(&devices, &started).await, Err(Error::NotBegun)), "good once");
}

#[tokio::test]
async fn a_device_that_is_refused_or_forgotten_is_over() {
    let office = Office::open().await;
    let devices = Devices::new(Arc::clone(&office.party));
    let refused = devices.begin().await.unwrap();
    approve(&office, &refused.user_code, "").await;
    let answer = poll(&devices, &refused).await;
    assert!(matches!(answer, Err(Error::Denied { code, .. }) if code == "access_denied"));
    assert!(matches!(poll(&devices, &refused).await, Err(Error::NotBegun)));
    let forgotten = devices.begin().await.unwrap();
    office.clock.step_ms(forgotten.expires_in_s * 1000);
    assert!(matches!(poll(&devices, &forgotten).await, Err(Error::NotBegun)));
}

#[tokio::test]
async fn whoever_sees_the_code_can_not_poll_and_nothing_else_can_be_polled_with() {
    let office = Office::open().await;
    let devices = Devices::new(Arc::clone(&office.party));
    let started = devices.begin().await.unwrap();
    approve(&office, &started.user_code, "alice").await;
    for id in ["", &started.user_code, &"0".repeat(64)] {
        assert!(matches!(devices.poll(id).await, Err(Error::NotBegun)), "{id}");
    }
}

#[tokio::test]
async fn device_sign_ins_are_bounded() {
    let office = Office::with(devidp::Algorithm::Es256, |config| {
        config.limits = Limits { devices: 2, ..Limits::default() };
    })
    .await;
    let devices = Devices::new(Arc::clone(&office.party));
    let first = devices.begin().await.unwrap();
    devices.begin().await.unwrap();
    assert!(matches!(devices.begin().await, Err(Error::Busy(_))));
    office.clock.step_ms(first.expires_in_s * 1000);
    assert!(devices.begin().await.is_ok());
}

#[tokio::test]
async fn a_devices_token_is_checked_like_any_other() {
    let office = Office::open().await;
    let devices = Devices::new(Arc::clone(&office.party));
    let started = devices.begin().await.unwrap();
    approve(&office, &started.user_code, "alice").await;
    office.idp.fail(Fault::WrongAudience).unwrap();
    assert!(matches!(poll(&devices, &started).await, Err(Error::Refused(_))));
    office.idp.heal();
    assert!(matches!(poll(&devices, &started).await, Err(Error::NotBegun)), "used up");
}
