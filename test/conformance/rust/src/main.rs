//! The Echo service of test/proto on tonic, and a client that checks somebody's Echo service.
//!
//! Usage: echo-peer server SOCKET_PATH | echo-peer client SOCKET_PATH | echo-peer client PORT CERTIFICATE
mod bytes_codec;
mod client;
mod peer;
mod server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("server") => server::serve(&arguments[2]).await,
        Some("client") => client::check(&arguments[2], arguments.get(3)).await,
        _ => Err("server or client?".into()),
    }
}
