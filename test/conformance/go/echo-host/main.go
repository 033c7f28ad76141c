// Starts the plugin given as arguments with go-plugin and checks it. Prints one line of JSON for each check:
// {"check": name, "error": text or ""}. The environment variable MTLS=1 turns AutoMTLS on.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"tenon.example/conformance/echo"
)

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

func report(check string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	line, _ := json.Marshal(map[string]string{"check": check, "error": text})
	fmt.Println(string(line))
}

// eventually asks until there is no error, for two seconds.
func eventually(probe func() error) error {
	var err error
	for range 100 {
		if err = probe(); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func main() {
	var logs, printed buffer
	command := exec.Command(os.Args[1], os.Args[2:]...)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  echo.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{1: {"echo": echo.Plugin{}}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         os.Getenv("MTLS") == "1",
		StartTimeout:     20 * time.Second,
		SyncStdout:       &printed,
		Logger:           hclog.New(&hclog.LoggerOptions{Name: "host", Level: hclog.Trace, Output: &logs, JSONFormat: true}),
	})
	defer client.Kill()

	protocol, err := client.Client()
	report("start", err)
	if err != nil {
		fmt.Fprintln(os.Stderr, logs.String())
		return
	}
	raw, err := protocol.Dispense("echo")
	report("dispense", err)
	report("ping", protocol.Ping())
	conn := raw.(*grpc.ClientConn)
	for _, check := range checks {
		report(check.name, check.run(conn))
	}

	since := time.Now().Add(-time.Second)
	report("log call", print(conn, 6, "hello from the logger", "warn"))
	report("log record", eventually(func() error { return findRecord(logs.String(), since) }))
	report("console call", print(conn, 1, "hello from console.log", ""))
	report("console record", eventually(func() error {
		if !strings.Contains(logs.String(), `"@level":"info","@message":"hello from console.log"`) {
			return fmt.Errorf("no record among %q", logs.String())
		}
		return nil
	}))
	report("print call", print(conn, 2, "hello from process.stdout", ""))
	report("printed", eventually(func() error {
		if !strings.Contains(printed.String(), "hello from process.stdout\n") {
			return fmt.Errorf("standard output holds %q", printed.String())
		}
		return nil
	}))

	started := time.Now()
	client.Kill()
	report("prompt kill", within(time.Since(started), 1500*time.Millisecond))
	var left error
	if code := command.ProcessState.ExitCode(); code != 0 {
		left = fmt.Errorf("exit code %d", code)
	}
	report("exit code", left)
	var forced error
	if strings.Contains(logs.String(), "failed to exit gracefully") {
		forced = fmt.Errorf("it was killed")
	}
	report("graceful kill", forced)
}

func within(elapsed, limit time.Duration) error {
	if elapsed > limit {
		return fmt.Errorf("took %s", elapsed)
	}
	return nil
}

// findRecord looks for the record of the plugin's logger among the host's log lines.
func findRecord(logs string, since time.Time) error {
	for _, line := range strings.Split(logs, "\n") {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil || record["@message"] != "hello from the logger" {
			continue
		}
		if record["@level"] != "warn" {
			return fmt.Errorf("level is %v", record["@level"])
		}
		if record["answer"] != float64(42) {
			return fmt.Errorf("answer is %v", record["answer"])
		}
		stamp, err := time.Parse(time.RFC3339Nano, fmt.Sprint(record["timestamp"]))
		if err != nil || stamp.Before(since) || stamp.After(time.Now().Add(time.Second)) {
			return fmt.Errorf("timestamp is %v", record["timestamp"])
		}
		return nil
	}
	return fmt.Errorf("no record among %q", logs)
}
