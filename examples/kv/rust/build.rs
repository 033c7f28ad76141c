fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "../proto/kv.proto",
        "../../../packages/core/proto/plugin/controller.proto",
    ];
    let protos = protox::compile(files, ["../proto", "../../../packages/core/proto"])?;
    tonic_prost_build::configure().build_client(false).compile_fds(protos)?;
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    Ok(())
}
