// Demo shows sluice at work without the internet: it starts servers on
// loopback and a client that keeps asking them through the proxy, opens the
// console in the foreground, and clears everything away when that is quit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"sluice/proxy/cert"
)

func main() {
	var s show
	flag.StringVar(&s.program, "sluice", filepath.Join("bin", "sluice"), "the program to show")
	flag.BoolVar(&s.headless, "headless", false, "print flows instead of opening the console")
	flag.DurationVar(&s.length, "for", 0, "stop after this time; 0: when the program is quit")
	flag.DurationVar(&s.pace, "pace", 700*time.Millisecond, "time from one request to the next")
	flag.Parse()
	if err := s.run(flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %s\n", err)
		os.Exit(1)
	}
}

// A show is one run of the demo.
type show struct {
	program  string
	headless bool
	length   time.Duration
	pace     time.Duration
}

// run shows the program, to which args are passed on.
func (s *show) run(args []string) error {
	dir, err := os.MkdirTemp("", "sluice-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	confdir, originDir := filepath.Join(dir, "sluice"), filepath.Join(dir, "origin")
	ours, err := cert.Load(confdir, time.Now())
	if err != nil {
		return err
	}
	theirs, err := cert.Load(originDir, time.Now())
	if err != nil {
		return err
	}
	o, err := openOrigin(theirs)
	if err != nil {
		return err
	}
	defer o.Close()
	other, err := openTalk()
	if err != nil {
		return err
	}
	defer other.Close()
	port, err := freePort()
	if err != nil {
		return err
	}
	// The bank's client does not trust us: it is let through when it has shown that twice.
	flags := []string{"--listen-host", "127.0.0.1", "-p", strconv.Itoa(port), "--set", "confdir=" + confdir, "--set", "tls_passthrough_after=2",
		"--set", "ssl_verify_upstream_trusted_ca=" + filepath.Join(originDir, "sluice-ca-cert.pem")}
	ctx, cancel := context.WithCancel(context.Background())
	var visiting sync.WaitGroup
	defer visiting.Wait()
	defer cancel()
	v := newVisitor(port, ours.Certificate(), theirs.Certificate(), visits(o))
	visiting.Go(func() { v.run(ctx, s.pace) })
	visiting.Go(func() { other.run(ctx, s.pace) })
	return s.play(slices.Concat(flags, other.flags(), args))
}

// play runs the program in the foreground. Ctrl-C is for the program, which gets it from the terminal as we do.
func (s *show) play(flags []string) error {
	signal.Ignore(os.Interrupt)
	if s.headless {
		flags = append([]string{"dump"}, flags...)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if s.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.length)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, s.program, flags...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil
	}
	if os.IsNotExist(err) {
		return fmt.Errorf("there is no %s: build it first with make build", s.program)
	}
	return err
}
