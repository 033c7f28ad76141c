// Package bind lets a gRPC server dial in to a Tenon host as a plugin. README.md shows how, docs/protocol/bind.md is what it speaks.
package bind

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	pb "tenon.example/bind/gen"
)

const minDelay, maxDelay = 100 * time.Millisecond, 10 * time.Second

// Plugin says who a server is to a host, and how it dials in. It needs a Name, and Credentials for a host on another machine.
type Plugin struct {
	Name, Version   string                           // The version is for people.
	Contract        string                           // By default whichever fits.
	ContractVersion uint32                           // The one that the server has, by default 1.
	Instance        string                           // Id of this copy, by default a new one.
	Token           string                           // What proves that it may dial in, where that is no certificate.
	Credentials     credentials.TransportCredentials // By default plaintext, to this machine only.
	DrainTimeout    time.Duration                    // For calls in flight when ctx is done, by default 10 s.
	Logs            *Logs                            // What the host is to read.

	hello    *pb.Hello
	server   *grpc.Server
	listener *bufconn.Listener
	left     atomic.Pointer[pb.Goodbye] // When it leaves, by itself or because the host wants it.
	delay    time.Duration              // Before it dials in again.
}

// Rejected is the error of a host that does not take the plugin. Its Code is of the list in docs/protocol/bind.md.
type Rejected struct{ *pb.Reject }

// Error is for people.
func (r *Rejected) Error() string { return "rejected by the host: " + r.Reason + " (" + r.Code + ")" }

// Run serves, and dials in at host:port or unix:/path for ever. When ctx is done, or the host drains the plugin, calls in
// flight are answered and Run returns nil; it returns a *Rejected when the host does not want the plugin any more.
func (p *Plugin) Run(ctx context.Context, server *grpc.Server, to string) error {
	served := &pb.ServedVersion{Version: cmp.Or(p.ContractVersion, 1)}
	for name, info := range server.GetServiceInfo() {
		service := &pb.ServedService{TypeName: name}
		for _, method := range info.Methods {
			service.Methods = append(service.Methods, method.Name)
		}
		served.Services = append(served.Services, service)
	}
	p.hello = &pb.Hello{
		MinProtocol: 1, MaxProtocol: 1, Plugin: p.Name, Version: p.Version, Instance: cmp.Or(p.Instance, rand.Text()),
		Contract: p.Contract, Versions: []*pb.ServedVersion{served}, Token: strings.TrimSpace(p.Token),
	}
	checks := health.NewServer()
	checks.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, checks)
	p.server, p.listener, p.Logs = server, bufconn.Listen(maxFrameBytes), cmp.Or(p.Logs, NewLogs(1))
	go func() { _ = server.Serve(p.listener) }()
	defer server.Stop()
	for p.delay = minDelay; ; p.delay = min(2*p.delay, maxDelay) {
		err := p.bind(ctx, to)
		if p.left.Load() != nil || ctx.Err() != nil {
			return nil
		}
		if rejected := new(Rejected); errors.As(err, &rejected) && !rejected.Retryable {
			return err
		}
		slog.Warn("no link to the host", "to", to, "cause", err)
		select {
		case <-time.After(p.delay/2 + mathrand.N(p.delay/2)):
		case <-ctx.Done():
		}
	}
}

// leave has the server answer what is in flight and close its connection, whereupon the link says goodbye.
func (p *Plugin) leave(reason string, timeout time.Duration) {
	p.left.Store(&pb.Goodbye{Reason: reason})
	defer time.AfterFunc(timeout, p.server.Stop).Stop()
	p.server.GracefulStop()
}
