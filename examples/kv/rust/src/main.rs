//! The key-value plugin in Rust. Standard output carries the handshake line and nothing else.
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{env, error::Error, fs, io, process, thread};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, async_trait};
use tonic_health::{ServingStatus, server::health_reporter};

mod proto {
    tonic::include_proto!("proto");
}
mod plugin {
    tonic::include_proto!("plugin");
}

#[derive(Default)]
struct Store(Mutex<HashMap<String, Vec<u8>>>);

#[async_trait]
impl proto::kv_server::Kv for Store {
    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        let key = request.into_inner().key;
        match self.0.lock().unwrap().get(&key) {
            Some(value) => Ok(Response::new(proto::GetResponse { value: value.clone() })),
            None => Err(Status::not_found(format!("no value for {key}"))),
        }
    }

    async fn put(&self, request: Request<proto::PutRequest>) -> Result<Response<proto::Empty>, Status> {
        let proto::PutRequest { key, value } = request.into_inner();
        eprintln!("[INFO] put {key}: {} bytes", value.len());
        self.0.lock().unwrap().insert(key, value);
        Ok(Response::new(proto::Empty {}))
    }
}

/// Ends the process when the host asks for it.
struct Controller(Arc<Notify>);

#[async_trait]
impl plugin::grpc_controller_server::GrpcController for Controller {
    async fn shutdown(&self, _: Request<plugin::Empty>) -> Result<Response<plugin::Empty>, Status> {
        self.0.notify_one();
        Ok(Response::new(plugin::Empty {}))
    }
}

/// Makes a key and a certificate for this one start, and admits whoever has the host's. Returns the certificate as the
/// last field of the handshake line has it.
fn mutual_tls(host_certificate: String) -> Result<(ServerTlsConfig, String), rcgen::Error> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(cert.pem(), signing_key.serialize_pem()))
        .client_ca_root(Certificate::from_pem(host_certificate));
    Ok((tls, STANDARD_NO_PAD.encode(cert.der())))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::var("BASIC_PLUGIN").as_deref() != Ok("hello") {
        eprintln!("This is a plugin. The program that it belongs to starts it.");
        process::exit(1);
    }

    let end = Arc::new(Notify::new());
    if env::var("TENON_LIFELINE").as_deref() == Ok("stdin") {
        let end = end.clone();
        thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            end.notify_one();
        });
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let _interrupt = signal(SignalKind::interrupt())?; // Ctrl-C is the host's business: it is heard and not obeyed.

    let directory = env::var_os("PLUGIN_UNIX_SOCKET_DIR").filter(|value| !value.is_empty());
    let path = directory
        .map_or_else(env::temp_dir, PathBuf::from)
        .join(format!("kv-{}", process::id()));
    let _ = fs::remove_file(&path); // Left by an earlier process of this number, if there is one.
    let listener = UnixListenerStream::new(UnixListener::bind(&path)?);

    let (health, health_service) = health_reporter();
    health.set_service_status("plugin", ServingStatus::Serving).await;
    let mut builder = Server::builder();
    let mut certificate = String::new();
    if let Some(host_certificate) = env::var("PLUGIN_CLIENT_CERT").ok().filter(|value| !value.is_empty()) {
        let (tls, own) = mutual_tls(host_certificate)?;
        builder = builder.tls_config(tls)?;
        certificate = own;
    }
    let server = builder
        .add_service(health_service)
        .add_service(plugin::grpc_controller_server::GrpcControllerServer::new(Controller(
            end.clone(),
        )))
        .add_service(proto::kv_server::KvServer::new(Store::default()))
        .serve_with_incoming_shutdown(listener, async {
            tokio::select! {
                _ = end.notified() => {}
                _ = terminate.recv() => {}
            }
        });
    println!("1|1|unix|{}|grpc|{certificate}", path.display());
    server.await?;
    fs::remove_file(path)?;
    Ok(())
}
