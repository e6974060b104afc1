//! A gRPC server with the health service, on tonic: its frames, statuses and trailers are the library's.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, UnaryService},
};

use crate::tls::peers::Peer;

/// The health protocol's number for each status.
pub(super) const UNKNOWN: i32 = 0;
pub(super) const SERVING: i32 = 1;
pub(super) const NOT_SERVING: i32 = 2;

/// What is known of each service; the server as a whole has no name.
#[derive(Clone)]
pub(super) struct Health(Arc<Mutex<HashMap<String, i32>>>);

impl Health {
    pub(super) fn set(&self, service: &str, status: i32) {
        self.0.lock().insert(service.to_owned(), status);
    }
}

impl UnaryService<String> for Health {
    type Response = i32;
    type Future = Ready<Result<Response<i32>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let found = self.0.lock().get(request.get_ref()).copied();
        ready(found.map(Response::new).ok_or_else(|| Status::not_found("service not registered")))
    }
}

/// The two messages.
struct Messages;

impl Codec for Messages {
    type Encode = i32;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Messages {
    type Item = i32;
    type Error = Status;

    fn encode(&mut self, status: i32, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        status.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Messages {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        String::decode(buffer).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, health: Health) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let health = health.clone();
        async move {
            let answer = match request.uri().path() {
                "/grpc.health.v1.Health/Check" => Grpc::new(Messages).unary(health, request).await,
                _ => Status::unimplemented("no such method").into_http::<Body>(),
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// A server that knows `web`, and itself; it ends with the set.
pub(super) async fn server(tls: Option<&Peer>) -> (String, Health, JoinSet<()>) {
    let health = Health(Arc::default());
    health.set("", SERVING);
    health.set("web", SERVING);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (acceptor, known) = (tls.map(|peer| peer.acceptor.clone()), health.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &acceptor {
                None => serve(stream, known.clone()).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, known.clone()).await;
                    }
                }
            }
        }
    });
    (address, health, tasks)
}
