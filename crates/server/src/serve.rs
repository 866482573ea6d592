//! Accepts connections, with a limit on everything, until told to stop.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use engine::surface::Surface;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use model::{Clock, Entropy};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt as _;

use crate::{App, ServerConfig, ServerError, app::stopped, router, tend};

/// Serves on `listener` until `shutdown` is ready, then lets open requests end for a while
/// ([`crate::Limits::drain_timeout_ms`]).
///
/// # Errors
/// As [`App::new`], before anything is answered. A connection that fails ends alone.
pub async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    surface: Arc<dyn Surface>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServerError> {
    let address = listener.local_addr().map_err(ServerError::Listener)?;
    let app = App::new(address, config, surface, clock, entropy)?;
    let limits = app.limits;
    let router = router(&app);
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    let tending = tokio::spawn(tend::sessions(app.clone()));
    tracing::info!(%address, "listening");
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = next_connection(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let stopping = app.stopping.subscribe();
                let head_timeout = Duration::from_millis(limits.head_timeout_ms);
                connections.spawn(converse(stream, peer, router.clone(), head_timeout, stopping, place));
            }
            Err(error) => {
                // Out of file descriptors, or a peer that has gone: wait a little rather than spin.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    app.stopping.send_replace(true);
    tracing::info!(open = connections.len(), "stopping");
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_millis(limits.drain_timeout_ms), drained).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut at the end of the drain time-out");
        connections.shutdown().await;
    }
    // It ends by itself: it heard of the stop above.
    let _ = tending.await;
    Ok(())
}

/// The next connection, once there is a place for it.
async fn next_connection(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_timeout: Duration,
    mut stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(64 * 1024)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
