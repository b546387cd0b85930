package addon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPrinterDropsWhatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		p := NewPrinter(PrinterConfig{Out: w, Limit: 40})
		for _, line := range []string{"first\n", "second\n"} {
			io.WriteString(p, line)
			synctest.Wait()
		}
		for range 10 {
			io.WriteString(p, "1234567890\n1234567890\n")
		}
		lines := bufio.NewReader(r)
		read := func(want string) {
			t.Helper()
			if got, _ := lines.ReadString('\n'); got != want+"\n" {
				t.Errorf("read %q, want %q", got, want)
			}
		}
		read("first")
		read("second")
		read("1234567890")
		read("1234567890")
		read("(18 lines are missing here: they came faster than they were read)")
		synctest.Wait() // what was read also counts as written
		io.WriteString(p, "third\n")
		read("third")
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestPrinterSaysWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		p := NewPrinter(PrinterConfig{Out: w})
		io.WriteString(p, "unread\n")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); err == nil || !strings.Contains(err.Error(), "7 bytes") {
			t.Errorf("error %v", err)
		}
		r.Close()
	})
}

func TestPrinterWaitsForFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		p := NewPrinter(PrinterConfig{Out: w, Limit: 10, Patient: true})
		var got bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(time.Minute)
			io.Copy(&got, r)
		}()
		want := strings.Repeat("12345678\n", 100)
		for line := range strings.Lines(want) {
			io.WriteString(p, line)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		w.Close()
		if <-done; got.String() != want {
			t.Errorf("%d bytes were written, want %d", got.Len(), len(want))
		}
	})
}

// failingPrinter returns a printer that has been given a line, and the error that writing it ends with.
func failingPrinter() (*Printer, error) {
	r, w := io.Pipe()
	full := errors.New("no space left")
	r.CloseWithError(full)
	p := NewPrinter(PrinterConfig{Out: w})
	io.WriteString(p, "a\n")
	return p, full
}

// TestPrinterFailsLate: who ends before the failure of a write is heard of learns of it from Close.
func TestPrinterFailsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, full := failingPrinter()
		if err := p.Close(t.Context()); !errors.Is(err, full) {
			t.Errorf("closed with %v", err)
		}
	})
}

func TestPrinterReportsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, full := failingPrinter()
		if err := <-p.Failed(); !errors.Is(err, full) {
			t.Errorf("failed with %v", err)
		}
		if _, err := io.WriteString(p, "b\n"); !errors.Is(err, full) {
			t.Errorf("write: %v", err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
