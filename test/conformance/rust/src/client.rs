use std::error::Error;
use std::fs;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::BinaryMetadataValue;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::bytes_codec::echo_message;
use crate::peer::{Peer, queue};

type Checked = Result<(), Box<dyn Error>>;
fn hello() -> Bytes {
    echo_message(b"hello")
}

fn same<T: PartialEq>(what: &str, got: T, want: T) -> Checked {
    if got == want {
        Ok(())
    } else {
        Err(format!("{what} differs").into())
    }
}

fn fails<T>(with: Code, call: Result<T, Status>) -> Result<Status, Box<dyn Error>> {
    match call {
        Err(status) if status.code() == with => Ok(status),
        Err(status) => Err(format!("{status} instead of {with:?}").into()),
        Ok(_) => Err(format!("no error instead of {with:?}").into()),
    }
}

async fn unary(peer: Peer) -> Checked {
    same(
        "the answer",
        peer.call("Unary", vec![hello()], &[]).await?.1,
        vec![hello()],
    )
}

async fn server_stream(peer: Peer) -> Checked {
    let (_, messages, _) = peer.call("ServerStream", vec![hello()], &[("x-count", "100")]).await?;
    same("the answer", messages, vec![hello(); 100])
}

async fn client_stream(peer: Peer) -> Checked {
    let (_, messages, _) = peer.call("ClientStream", vec![hello(); 100], &[]).await?;
    same("the answer", messages, vec![Bytes::from(hello().repeat(100))])
}

async fn bidi(peer: Peer) -> Checked {
    let (sender, stream) = mpsc::channel(1);
    // A server may keep its headers until it has an answer, and tonic's call resolves with them.
    sender.send(echo_message(&[0])).await?;
    let mut answers = peer
        .open("Bidi", Request::new(ReceiverStream::new(stream)))
        .await?
        .into_inner();
    for i in 0..50 {
        same("an answer", answers.message().await?, Some(echo_message(&[i])))?;
        sender.send(echo_message(&[i + 1])).await?;
    }
    same("the last answer", answers.message().await?, Some(echo_message(&[50])))?;
    drop(sender);
    same("the end", answers.message().await?, None)
}

async fn metadata(peer: Peer) -> Checked {
    let binary = BinaryMetadataValue::from_bytes(&[0, 1, 2, 254, 255]);
    let mut request = Request::new(queue(vec![hello()]));
    request.metadata_mut().insert("echo-text", "plain text".parse()?);
    request.metadata_mut().insert_bin("echo-data-bin", binary.clone());
    let (header, _, trailer) = peer.exchange("Unary", request).await?;
    same(
        "the header",
        header.get("echo-text").map(|value| value.as_bytes()),
        Some(b"plain text"),
    )?;
    same(
        "the trailer",
        trailer.get("echo-trailer-text").map(|value| value.as_bytes()),
        Some(b"plain text"),
    )?;
    same("the binary header", header.get_bin("echo-data-bin"), Some(&binary))?;
    same(
        "the binary trailer",
        trailer.get_bin("echo-trailer-data-bin"),
        Some(&binary),
    )
}

async fn status(peer: Peer) -> Checked {
    let text = "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";
    let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let asked = [("x-status", "5"), ("x-message", encoded.as_str())];
    let error = fails(Code::NotFound, peer.call("Unary", vec![hello()], &asked).await)?;
    same("the message", error.message(), text)
}

async fn status_details(peer: Peer) -> Checked {
    let mut request = Request::new(queue(vec![hello()]));
    request.metadata_mut().insert("x-status", "9".parse()?);
    request
        .metadata_mut()
        .insert_bin("x-details-bin", BinaryMetadataValue::from_bytes(b"\x08\x09"));
    let error = fails(Code::FailedPrecondition, peer.exchange("Unary", request).await)?;
    // google.rpc.Status begins with its code, and one of its details holds the word.
    same(
        "the code in the details",
        error.details().starts_with(b"\x08\x09"),
        true,
    )?;
    same(
        "the detail",
        error.details().windows(6).any(|bytes| bytes == b"detail"),
        true,
    )
}

async fn status_after_messages(peer: Peer) -> Checked {
    let mut request = Request::new(queue(vec![hello()]));
    for (name, value) in [("x-status", "9"), ("x-count", "3")] {
        request.metadata_mut().insert(name, value.parse()?);
    }
    let mut stream = peer.open("ServerStream", request).await?.into_inner();
    for _ in 0..3 {
        same("an answer", stream.message().await?, Some(hello()))?;
    }
    fails(Code::FailedPrecondition, stream.message().await).map(drop)
}

async fn unimplemented(peer: Peer) -> Checked {
    for method in ["Nonsense", "/no.such.Service/Method"] {
        fails(Code::Unimplemented, peer.call(method, vec![hello()], &[]).await)?;
    }
    Ok(())
}

async fn deadline(peer: Peer) -> Checked {
    let mut request = Request::new(queue(vec![hello()]));
    request.metadata_mut().insert("x-delay-ms", "5000".parse()?);
    request.set_timeout(Duration::from_millis(100));
    match peer.exchange("Unary", request).await {
        // tonic's own clock, which calls it so, races with the server's.
        Err(status) if status.code() == Code::Cancelled && status.message() == "Timeout expired" => Ok(()),
        outcome => fails(Code::DeadlineExceeded, outcome).map(drop),
    }
}

async fn cancel(peer: Peer) -> Checked {
    let (sender, stream) = mpsc::channel(1);
    sender.send(hello()).await?;
    let mut answers = peer
        .open("Bidi", Request::new(ReceiverStream::new(stream)))
        .await?
        .into_inner();
    same("an answer", answers.message().await?, Some(hello()))?;
    drop(answers); // Resets the stream.
    unary(peer).await
}

async fn large_messages(peer: Peer) -> Checked {
    for size in [1 << 20, 9 << 20] {
        let big = echo_message(&vec![7; size]);
        same(
            "the answer",
            peer.call("Unary", vec![big.clone()], &[]).await?.1,
            vec![big],
        )?;
    }
    Ok(())
}

async fn slow_reader(peer: Peer) -> Checked {
    let chunk = echo_message(&[1; 64 << 10]);
    let mut request = Request::new(queue(vec![chunk.clone()]));
    request.metadata_mut().insert("x-count", "512".parse()?);
    let mut stream = peer.open("ServerStream", request).await?.into_inner();
    tokio::time::sleep(Duration::from_millis(100)).await;
    unary(peer).await?;
    for _ in 0..512 {
        same("an answer", stream.message().await?, Some(chunk.clone()))?;
    }
    same("the end", stream.message().await?, None)
}

async fn concurrent_calls(peer: Peer) -> Checked {
    let calls: Vec<_> = (0..1000)
        .map(|i| {
            let (peer, message) = (peer.clone(), echo_message(i.to_string().as_bytes()));
            tokio::spawn(async move { (peer.call("Unary", vec![message.clone()], &[]).await, message) })
        })
        .collect();
    for call in calls {
        let (answer, message) = call.await?;
        same("an answer", answer?.1, vec![message])?;
    }
    Ok(())
}

async fn gzip(mut peer: Peer) -> Checked {
    let gzip = CompressionEncoding::Gzip;
    peer.grpc = peer.grpc.send_compressed(gzip).accept_compressed(gzip);
    let mut all = BytesMut::new();
    for size in [0, 10, 1 << 20] {
        let message = echo_message(&vec![0; size]);
        let (header, messages, _) = peer.call("Unary", vec![message.clone()], &[("x-gzip", "1")]).await?;
        same(
            "the encoding",
            header.get("grpc-encoding").map(|value| value.as_bytes()),
            Some(b"gzip"),
        )?;
        same("the answer", messages, vec![message.clone()])?;
        all.extend_from_slice(&message);
    }
    let (_, messages, _) = peer.call("Bidi", vec![all.freeze(); 20], &[("x-gzip", "1")]).await?;
    same("the number of answers", messages.len(), 20)
}

macro_rules! run {
    ($peer:expr, $($check:ident),*) => {
        $(report(stringify!($check), $check($peer.clone()).await);)*
    };
}

/// Prints one line of JSON: {"check": name, "error": text or ""}.
fn report(check: &str, outcome: Checked) {
    let error = outcome.err().map_or(String::new(), |error| error.to_string());
    let plain = error.replace(
        |letter: char| letter.is_control() || letter == '"' || letter == '\\',
        "'",
    );
    println!(r#"{{"check": "{}", "error": "{plain}"}}"#, check.replace('_', " "));
}

/// At a unix socket, or with TLS at a port of this machine whose server has the certificate in a file.
pub async fn check(address: &str, certificate: Option<&String>) -> Checked {
    let endpoint = match certificate {
        None => Endpoint::from_shared(format!("unix:{address}"))?,
        Some(file) => {
            let trusted = Certificate::from_pem(fs::read(file)?);
            let tls = ClientTlsConfig::new().ca_certificate(trusted).domain_name("localhost");
            Endpoint::from_shared(format!("https://127.0.0.1:{address}"))?.tls_config(tls)?
        }
    };
    let grpc = Grpc::new(endpoint.connect().await?).max_decoding_message_size(usize::MAX);
    let peer = Peer { grpc };
    run!(
        peer,
        unary,
        server_stream,
        client_stream,
        bidi,
        metadata,
        status,
        status_details,
        status_after_messages,
        unimplemented,
        deadline,
        cancel,
        large_messages,
        slow_reader,
        concurrent_calls,
        gzip
    );
    Ok(())
}
