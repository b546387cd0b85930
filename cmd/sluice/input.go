package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"sluice/proxy/option"
)

// An input is a file that is being read, or what is read of one that may have to be waited for.
type input struct {
	io.Reader
	close func()
}

// openInput opens a file, the standard input for "-". One that is not regular may have nobody yet who writes to it: opening and
// reading it end with the error of ctx when ctx does. Whoever calls it calls close of what it returns.
func openInput(ctx context.Context, path string) (*input, error) {
	if path == "-" {
		return attend(ctx, os.Stdin, func() {}), nil
	}
	path = option.ExpandHome(path)
	if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read flows: %w", err)
		}
		return &input{f, func() { f.Close() }}, nil
	}
	f, err := openPatiently(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("cannot read flows: %w", err)
	}
	return attend(ctx, f, func() { f.Close() }), nil
}

// openPatiently opens a file for which that may take as long as it wants. What waits is left alone when ctx ends.
func openPatiently(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result)
	go func() {
		f, err := os.Open(path)
		select {
		case opened <- result{f, err}:
		case <-ctx.Done():
			f.Close()
		}
	}()
	select {
	case r := <-opened:
		return r.f, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// attend reads a file until ctx ends. A read that waits then is left alone.
func attend(ctx context.Context, f *os.File, done func()) *input {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, f)
		in.CloseWithError(err)
	}()
	return &input{out, func() {
		stop()
		out.Close()
		done()
	}}
}
