use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use percent_encoding::percent_decode_str;
use tokio::net::UnixListener;
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::body::Body;
use tonic::codec::{CompressionEncoding, EnabledCompressionEncodings};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::bytes_codec::{BytesCodec, echo_message};

type Answers = mpsc::Sender<Result<Bytes, Status>>;

#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "tenon.test.v1.Echo";
}

/// All methods are served as streams of bytes, because only the end of a stream can carry trailers of one's own.
impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = Method(request.uri().path().rsplit('/').next().unwrap_or("").to_owned());
        let mut gzip = EnabledCompressionEncodings::default();
        gzip.enable(CompressionEncoding::Gzip);
        let answers = if request.headers().contains_key("x-gzip") {
            gzip
        } else {
            Default::default()
        };
        let mut grpc = Grpc::new(BytesCodec)
            .apply_compression_config(gzip, answers)
            .apply_max_message_size_config(Some(usize::MAX), None);
        Box::pin(async move { Ok(grpc.streaming(method, request).await) })
    }
}

struct Method(String);

impl StreamingService<Bytes> for Method {
    type Response = Bytes;
    type ResponseStream = ReceiverStream<Result<Bytes, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let method = self.0.clone();
        Box::pin(begin(method, request))
    }
}

fn number(metadata: &MetadataMap, name: &str) -> usize {
    text(metadata, name).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name).and_then(|value| value.to_str().ok())
}

/// The metadata called echo-*, each name changed.
fn echoed(metadata: &MetadataMap, rename: impl Fn(&str) -> String) -> MetadataMap {
    let headers = metadata.clone().into_headers();
    let named = headers.iter().filter(|(name, _)| name.as_str().starts_with("echo-"));
    let renamed = named.map(|(name, value)| {
        (
            http::HeaderName::from_str(&rename(name.as_str())).expect("a name remains one"),
            value.clone(),
        )
    });
    MetadataMap::from_headers(renamed.collect())
}

async fn begin(
    method: String,
    request: Request<Streaming<Bytes>>,
) -> Result<Response<ReceiverStream<Result<Bytes, Status>>>, Status> {
    if !["Unary", "ServerStream", "ClientStream", "Bidi"].contains(&method.as_str()) {
        return Err(Status::unimplemented(format!("no method {method}")));
    }
    let (asked, _, mut messages) = request.into_parts();
    tokio::time::sleep(Duration::from_millis(number(&asked, "x-delay-ms") as u64)).await;
    let header = echoed(&asked, str::to_owned);
    let (answers, stream) = mpsc::channel(1);
    tokio::spawn(async move {
        let end = match answer(&method, &asked, &mut messages, &answers).await {
            Ok(()) => ending(&asked),
            Err(status) => status,
        };
        let _ = answers.send(Err(end)).await; // Nobody listens any more where the call was cancelled.
    });
    Ok(Response::from_parts(
        header,
        ReceiverStream::new(stream),
        Default::default(),
    ))
}

async fn answer(
    method: &str,
    asked: &MetadataMap,
    messages: &mut Streaming<Bytes>,
    answers: &Answers,
) -> Result<(), Status> {
    let gone = |_| Status::cancelled("nobody listens");
    let mut all = BytesMut::new();
    while let Some(message) = messages.message().await? {
        if method == "Bidi" {
            answers.send(Ok(message)).await.map_err(gone)?;
        } else {
            all.extend_from_slice(&message);
        }
    }
    let count = match method {
        "ServerStream" => number(asked, "x-count").max(1),
        "Unary" | "ClientStream" if number(asked, "x-status") == 0 => 1,
        _ => 0,
    };
    let fill = number(asked, "x-fill");
    let whole = if fill > 0 {
        echo_message(&vec![7; fill])
    } else {
        all.freeze()
    };
    for _ in 0..count {
        answers.send(Ok(whole.clone())).await.map_err(gone)?;
    }
    Ok(())
}

/// The status that was asked for, good or not, with the trailers.
fn ending(asked: &MetadataMap) -> Status {
    let code = Code::from(number(asked, "x-status") as i32);
    let message = percent_decode_str(text(asked, "x-message").unwrap_or(""))
        .decode_utf8_lossy()
        .into_owned();
    let details = asked
        .get_bin("x-details-bin")
        .and_then(|value| value.to_bytes().ok())
        .unwrap_or_default();
    let trailers = echoed(asked, |name| name.replacen("echo", "echo-trailer", 1));
    Status::with_details_and_metadata(code, message, details, trailers)
}

/// Prints "ready" once it listens; ends when its standard input ends.
pub async fn serve(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = UnixListenerStream::new(UnixListener::bind(path)?);
    let end = Arc::new(Notify::new());
    let lifeline = end.clone();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        lifeline.notify_one();
    });
    println!("ready");
    Server::builder()
        .add_service(Echo)
        .serve_with_incoming_shutdown(listener, end.notified())
        .await?;
    std::fs::remove_file(path)?;
    Ok(())
}
