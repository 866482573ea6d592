//! Where and when the next kill shall fall: at the places that were hit least so far, at any moment there.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use model::Run;
use serde_json::Value;
use story::Change;

use crate::{
    company::{Company, PATIENCE},
    look::act,
    shape::{Place, Shape, under_way},
};

/// Small, seeded chance (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % n
    }
}

/// One of the places from `from` on: mostly the one that was hit least so far, the next of several. `over`: also where the
/// run is over, which is no longer inside; `late`: certainly there if it never was hit.
pub(crate) fn aim(
    dice: &mut Dice,
    shape: &Shape,
    path: &[Place],
    from: usize,
    hits: &BTreeMap<String, u64>,
    (over, late): (bool, bool),
) -> Place {
    // The row that only a kill there falls behind: an intent, or the outcome of the last act.
    let hit = |place: Place| {
        let last = path.iter().rev().find(|place| **place != Place::Over);
        let row = match (place, last) {
            (Place::At { step, undo }, _) => format!("intent of {}", act(shape, step, undo)),
            (Place::Over, Some(Place::At { step, undo })) => {
                format!("outcome of {}", act(shape, *step, *undo))
            }
            (Place::Over, _) => "finished".to_owned(),
        };
        hits.get(&format!("{}: {row}", shape.project)).copied().unwrap_or_default()
    };
    let mut ahead: Vec<Place> = path.iter().skip(from).copied().collect();
    if late && hit(Place::Over) == 0 {
        return Place::Over;
    }
    ahead.retain(|place| over || *place != Place::Over);
    let place = if dice.below(5) == 0 {
        usize::try_from(dice.below(ahead.len().max(1) as u64)).ok().and_then(|at| ahead.get(at).copied())
    } else {
        let count = |place: Place| match place {
            Place::Over => hit(place) * 3,
            Place::At { .. } => hit(place),
        };
        ahead.iter().min_by_key(|place| count(**place)).copied()
    };
    place.unwrap_or(Place::Over)
}

/// The moment, once the place is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moment {
    /// So many milliseconds later.
    After(u64),
    /// When the database is written next: in the middle of the commit that records the outcome, or right after it.
    Written,
}

impl Moment {
    /// A look takes no time to speak of: then at once.
    pub(crate) fn cast(dice: &mut Dice, shape: &Shape, place: Place) -> Self {
        let looks = matches!(place, Place::At { step, .. } if shape.acts[step].id == "healthy");
        match dice.below(4) {
            _ if looks => Self::After(0),
            0 => Self::After(0),
            1 | 2 => Self::After(dice.below(320)),
            _ => Self::Written,
        }
    }
}

/// Waits for the place, or until the run is past it; then for the moment.
pub(crate) async fn reach(
    company: &Company,
    change: &Change,
    path: &[Place],
    place: Place,
    moment: Moment,
) -> Result<()> {
    let at = |place: Place| path.iter().position(|one| *one == place);
    let come = async {
        let mut run = None;
        loop {
            // While it starts there is no answer; what is wrong for longer ends by the time that all this may take.
            if let Ok(Some((id, now))) = under_way_of(company, change, run.take()).await {
                if now.is_some_and(|now| at(now) >= at(place)) {
                    return;
                }
                run = Some(id);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let come = tokio::time::timeout(PATIENCE, come).await;
    come.with_context(|| format!("the run of change {} never came to {place:?}", change.number))?;
    match moment {
        Moment::After(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Moment::Written => {
            let log = company.data().join("exq.db-wal");
            let before = stamp(&log);
            for _ in 0..1500 {
                if stamp(&log) != before {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
    Ok(())
}

fn stamp(log: &Path) -> Option<(u64, std::time::SystemTime)> {
    let found = fs::metadata(log).ok()?;
    Some((found.len(), found.modified().ok()?))
}

/// The run of a change, and what is under way in it; none before it is granted.
async fn under_way_of(
    company: &Company,
    change: &Change,
    run: Option<String>,
) -> Result<Option<(String, Option<Place>)>> {
    let run = match run {
        Some(run) => run,
        None => {
            let state = company.state(change.number).await?;
            match state.get("run").and_then(Value::as_str) {
                Some(run) => run.to_owned(),
                None => return Ok(None),
            }
        }
    };
    let view = company.api()?.json(&format!("runs/{run}")).await?;
    let value: Run = serde_json::from_value(view.get("run").cloned().unwrap_or_default())?;
    Ok(Some((run, under_way(&value))))
}
