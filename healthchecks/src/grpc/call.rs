//! One call of the health service on a connection that is open: the two messages, their frames, and what a server says
//! where it refuses. It must never take a message that is longer than it can be.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Request, StatusCode, Uri};
use prost::Message;

use crate::http2;

/// The answer is a number; whatever comes beyond this is something else.
const MAX_ANSWER: usize = 4096;
/// Before each message: a byte that says whether it is compressed, and four for its length.
const PREFIX: usize = 5;
/// The health protocol's number for a service that serves.
const SERVING: i32 = 1;

/// `grpc.health.v1.HealthCheckRequest` has one text, as `google.protobuf.StringValue` has, for which prost has a type.
type HealthCheckRequest = String;
/// `grpc.health.v1.HealthCheckResponse` has one number, as `google.protobuf.Int32Value` has.
type HealthCheckResponse = i32;

/// A call that came to nothing, as Go's clients write it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    code: &'static str,
    why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc error: code = {} desc = {}", self.code, self.why)
    }
}

impl Refused {
    pub(super) fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    fn broken(error: &h2::Error) -> Self {
        Self::new("Unavailable", http2::error_text(error))
    }
}

/// What is asked.
pub(super) struct Call<'c> {
    pub(super) scheme: &'static str,
    pub(super) authority: &'c str,
    pub(super) service: &'c str,
}

impl Call<'_> {
    /// Whether the service serves.
    pub(super) async fn ask(&self, requests: SendRequest<Bytes>) -> Result<bool, Refused> {
        let request = self.request().map_err(|error| Refused::new("Internal", error.to_string()))?;
        let mut requests = requests.ready().await.map_err(|error| Refused::broken(&error))?;
        let (answer, mut body) =
            requests.send_request(request, false).map_err(|error| Refused::broken(&error))?;
        body.send_data(self.message(), true).map_err(|error| Refused::broken(&error))?;
        let (head, body) = answer.await.map_err(|error| Refused::broken(&error))?.into_parts();
        if head.status != StatusCode::OK {
            let why = format!("unexpected HTTP status code received from server: {}", head.status);
            return Err(Refused::new(code_of(head.status), why));
        }
        // A refusal may come without a body: then its status is in the head.
        refusal(&head.headers)?;
        let (message, trailers) = take(body).await?;
        refusal(&trailers)?;
        let answer = HealthCheckResponse::decode(unframed(&message)?).map_err(|error| {
            Refused::new("Internal", format!("grpc: failed to unmarshal the message: {error}"))
        })?;
        Ok(answer == SERVING)
    }

    fn request(&self) -> Result<Request<()>, http::Error> {
        let uri = Uri::builder()
            .scheme(self.scheme)
            .authority(self.authority)
            .path_and_query("/grpc.health.v1.Health/Check")
            .build()?;
        Request::post(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "Consul Health Check")
            .body(())
    }

    fn message(&self) -> Bytes {
        let request: HealthCheckRequest = self.service.to_owned();
        let mut framed = BytesMut::with_capacity(PREFIX + request.encoded_len());
        framed.put_u8(0);
        framed.put_u32(u32::try_from(request.encoded_len()).unwrap_or(u32::MAX));
        framed.put_slice(&request.encode_to_vec());
        framed.freeze()
    }
}

/// The whole answer and what stands behind it.
async fn take(mut body: RecvStream) -> Result<(Bytes, HeaderMap), Refused> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(|error| Refused::broken(&error))?;
        if whole.len() + chunk.len() > MAX_ANSWER {
            let why = format!("grpc: received message larger than max ({MAX_ANSWER} bytes)");
            return Err(Refused::new("ResourceExhausted", why));
        }
        whole.extend_from_slice(&chunk);
        // An error means that the stream is over.
        let _ = body.flow_control().release_capacity(chunk.len());
    }
    let trailers = body.trailers().await.map_err(|error| Refused::broken(&error))?;
    Ok((whole.freeze(), trailers.unwrap_or_default()))
}

/// The message without its prefix.
fn unframed(framed: &Bytes) -> Result<Bytes, Refused> {
    let wrong = |why: &str| Refused::new("Internal", format!("grpc: {why}"));
    match framed.get(..PREFIX) {
        None => Err(wrong("the answer has no message")),
        Some([1, ..]) => Err(wrong("the answer is compressed, which was not asked for")),
        Some(_) => Ok(framed.slice(PREFIX..)),
    }
}

/// Whether these headers say that the call failed.
fn refusal(headers: &HeaderMap) -> Result<(), Refused> {
    let text =
        |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(status) = text("grpc-status").filter(|status| status != "0") else { return Ok(()) };
    let words = text("grpc-message").unwrap_or_default();
    let words = percent_encoding::percent_decode_str(&words).decode_utf8_lossy().into_owned();
    Err(Refused::new(name_of(&status), words))
}

/// What Go calls a status.
fn name_of(status: &str) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ];
    let number: Option<usize> = status.parse().ok();
    number.and_then(|number| NAMES.get(number)).copied().unwrap_or("Unknown")
}

/// What the HTTP status of an answer that is none of gRPC comes to.
fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "Internal",
        401 => "Unauthenticated",
        403 => "PermissionDenied",
        404 => "Unimplemented",
        429 | 502..=504 => "Unavailable",
        _ => "Unknown",
    }
}
