module tenon.example/pie

go 1.24.0

require github.com/natefinch/pie v0.0.0-20170715172608-9a0d72014007
