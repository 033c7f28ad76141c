// Package bind lets a gRPC server dial in to a Tenon host as a plugin. README.md shows how, docs/protocol/bind.md is what it speaks.
package bind

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	bindv1 "tenon.example/bind/gen"
)

const (
	minDelay, maxDelay = 100 * time.Millisecond, 10 * time.Second
	pipeBytes          = 64 << 10
)

// Options say who the plugin is and how it dials in. Name is needed, and Credentials where the host is on another machine.
type Options struct {
	// Name of the plugin, its version for people, and the name of its contract, by default whichever fits.
	Name, Version, Contract string
	// ContractVersion is the version of the contract that the server serves, 1 by default.
	ContractVersion uint32
	// Instance is the id of this copy, by default a new one.
	Instance string
	// Token proves that the plugin may dial in. TokenFile holds it instead, and is read anew each time.
	Token, TokenFile string
	Credentials      credentials.TransportCredentials
	// Insecure sends everything in the clear, to another machine too.
	Insecure bool
	// DrainTimeout is how long calls in flight may take when the plugin leaves, 10 s by default.
	DrainTimeout time.Duration
	// Logs hold records for the host. Logger is told of lost links, slog.Default() by default.
	Logs   *Logs
	Logger *slog.Logger
}

// Rejected is the error of a host that does not take the plugin. Its code is of the list in docs/protocol/bind.md.
type Rejected struct {
	Code, Reason, Field string
	Retryable           bool
}

func (r *Rejected) Error() string {
	return fmt.Sprintf("the host does not take the plugin: %s (%s)", r.Reason, r.Code)
}

// Run serves, and dials in at host:port or unix:/path for ever. When ctx is done, or the host drains the plugin, calls in
// flight are answered and Run returns nil; it returns a *Rejected when the host does not want the plugin any more.
func Run(ctx context.Context, server *grpc.Server, to string, options Options) error {
	secure := options.Credentials
	if secure == nil {
		if !options.Insecure && !isLocal(to) {
			return fmt.Errorf("%s is not on this machine: set Credentials, or Insecure to send all in the clear", to)
		}
		secure = insecure.NewCredentials()
	}
	hello := &bindv1.Hello{
		MinProtocol: 1, MaxProtocol: 1, Plugin: options.Name, Version: options.Version, Contract: options.Contract,
		Instance: cmp.Or(options.Instance, rand.Text()), Versions: served(server, cmp.Or(options.ContractVersion, 1)),
	}
	if _, has := server.GetServiceInfo()[grpc_health_v1.Health_ServiceDesc.ServiceName]; !has {
		checks := health.NewServer()
		checks.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, checks)
	}
	listener := bufconn.Listen(pipeBytes)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	logs, logger := cmp.Or(options.Logs, NewLogs(1<<20)), cmp.Or(options.Logger, slog.Default())
	nextToken := ""
	for failures := 0; ; failures++ {
		token, err := readToken(options)
		if err == nil {
			hello.Token, hello.OldestLog = cmp.Or(nextToken, token), logs.oldest()
			hello.Epoch = max(hello.Epoch+1, uint64(time.Now().UnixMilli())) // Above those of earlier processes, too.
			link := &link{logs: logs, server: server, drain: cmp.Or(options.DrainTimeout, 10*time.Second)}
			err = link.run(ctx, to, secure, listener, hello)
			if link.welcome != nil {
				failures, nextToken = 0, cmp.Or(link.welcome.NextToken, nextToken)
			}
			if link.left.Load() != nil {
				return nil
			}
		}
		if rejected := new(Rejected); errors.As(err, &rejected) && !rejected.Retryable {
			return err
		}
		logger.Warn("no link to the host", "to", to, "cause", err)
		delay := min(time.Duration(float64(minDelay)*math.Pow(1.6, float64(min(failures, 16)))), maxDelay)
		select {
		case <-time.After(delay/2 + mathrand.N(delay/2)):
		case <-ctx.Done():
			return nil
		}
	}
}

func readToken(options Options) (string, error) {
	if options.TokenFile == "" {
		return options.Token, nil
	}
	text, err := os.ReadFile(options.TokenFile)
	return strings.TrimSpace(string(text)), err
}

// served leaves out health and reflection, which are nobody's contract.
func served(server *grpc.Server, version uint32) []*bindv1.ServedVersion {
	all := &bindv1.ServedVersion{Version: version}
	for name, info := range server.GetServiceInfo() {
		if !strings.HasPrefix(name, "grpc.") {
			service := &bindv1.ServedService{TypeName: name}
			for _, method := range info.Methods {
				service.Methods = append(service.Methods, method.Name)
			}
			all.Services = append(all.Services, service)
		}
	}
	return []*bindv1.ServedVersion{all}
}

func isLocal(to string) bool {
	host, _, err := net.SplitHostPort(to[strings.LastIndex(to, "/")+1:])
	address, _ := netip.ParseAddr(host)
	return strings.HasPrefix(to, "unix:") || err == nil && (host == "localhost" || address.IsLoopback())
}
