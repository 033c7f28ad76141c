use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

use crate::bytes_codec::BytesCodec;

/// Headers, whole messages, trailers.
pub type Answer = (MetadataMap, Vec<Bytes>, MetadataMap);

/// A connection to an Echo service.
#[derive(Clone)]
pub struct Peer {
    pub grpc: Grpc<Channel>,
}

impl Peer {
    /// Opens a call and waits for the headers of the answer. A method of another service begins with a slash.
    pub async fn open(
        &self,
        method: &str,
        messages: Request<ReceiverStream<Bytes>>,
    ) -> Result<Response<Streaming<Bytes>>, Status> {
        let path = if method.starts_with('/') {
            method.to_owned()
        } else {
            format!("/tenon.test.v1.Echo/{method}")
        };
        let mut grpc = self.grpc.clone();
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        grpc.streaming(messages, PathAndQuery::try_from(path).expect("a path"), BytesCodec)
            .await
    }

    /// Sends messages with metadata and waits for all of the answer.
    pub async fn call(
        &self,
        method: &str,
        messages: Vec<Bytes>,
        metadata: &[(&'static str, &str)],
    ) -> Result<Answer, Status> {
        let mut request = Request::new(queue(messages));
        for (name, value) in metadata {
            request.metadata_mut().insert(*name, value.parse().expect("ASCII"));
        }
        self.exchange(method, request).await
    }

    pub async fn exchange(&self, method: &str, request: Request<ReceiverStream<Bytes>>) -> Result<Answer, Status> {
        let (header, mut stream, _) = self.open(method, request).await?.into_parts();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            messages.push(message);
        }
        Ok((header, messages, stream.trailers().await?.unwrap_or_default()))
    }
}

/// A stream of these messages.
pub fn queue(messages: Vec<Bytes>) -> ReceiverStream<Bytes> {
    let (sender, stream) = mpsc::channel(messages.len().max(1));
    for message in messages {
        sender.try_send(message).expect("room for all");
    }
    ReceiverStream::new(stream)
}
