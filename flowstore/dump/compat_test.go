package dump

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/proxy/flow"
)

// newMitmdump is the variable that names a mitmdump of mitmproxy 12, which writes the newest version. Debian has none.
const newMitmdump = "MITMDUMP_NEW"

// mitmdump returns the program that reads and writes a format.
func mitmdump(t *testing.T, format Format) string {
	t.Helper()
	if format == Newest {
		program := os.Getenv(newMitmdump)
		if program == "" {
			fmt.Fprintf(os.Stderr, "\n*** SKIPPED: no flow file of version %d was shown to mitmproxy: name the mitmdump of mitmproxy 12 in %s ***\n", Newest, newMitmdump)
			t.Skip("no mitmproxy that reads the newest version")
		}
		return program
	}
	program, err := exec.LookPath("mitmdump")
	if err != nil {
		fmt.Fprintln(os.Stderr, "\n*** SKIPPED: no flow file was shown to mitmproxy, which is not installed: apt-get install mitmproxy ***")
		t.Skip("mitmproxy is not installed")
	}
	return program
}

// through has the mitmproxy of a format read a file and write what it has read, and returns the flows of that by their ids.
func through(t *testing.T, file []byte, format Format) map[flow.ID]*flow.Flow {
	t.Helper()
	program := mitmdump(t, format)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mitm"), filepath.Join(dir, "out.mitm")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--set", "confdir="+dir, "--set", "flow_detail=0", "-n", "-r", in, "-w", out)
	if text, err := cmd.CombinedOutput(); err != nil || len(bytes.TrimSpace(text)) > 0 {
		t.Fatalf("mitmdump: %v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, fmt.Appendf(nil, "7:version;2:%d#", format)) {
		t.Fatalf("%s writes another version than %d", program, format)
	}
	return byID(t, data)
}

func byID(t *testing.T, file []byte) map[flow.ID]*flow.Flow {
	t.Helper()
	got, err := read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	flows := map[flow.ID]*flow.Flow{}
	for _, f := range got {
		flows[f.ID] = f
	}
	return flows
}

// TestCompatWrite has mitmproxy read flows of ours.
func TestCompatWrite(t *testing.T) {
	var file []byte
	for i := range 200 {
		if f := genFlow.Example(i); f.Kind != flow.UDP {
			one, _ := write(t, []*flow.Flow{f}, Old)
			file = append(file, one...)
		}
	}
	if d := cmp.Diff(byID(t, file), through(t, file, Old), same); d != "" {
		t.Error(d)
	}
}

// TestCompatWriteNewest has a new mitmproxy read flows of ours.
func TestCompatWriteNewest(t *testing.T) {
	var file []byte
	for i := range 200 {
		one, _ := write(t, []*flow.Flow{genFlow.Example(i)}, Newest)
		file = append(file, one...)
	}
	if d := cmp.Diff(byID(t, file), through(t, file, Newest), same); d != "" {
		t.Error(d)
	}
}

// TestCompatRead holds what we make of the files of old versions against what mitmproxy makes of them.
func TestCompatRead(t *testing.T) {
	for _, name := range []string{"dumpfile-018.mitm", "dumpfile-7.mitm"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			// Both make up ids of connections, which had none before version 5.
			madeUp := cmp.Options{same}
			if name == "dumpfile-018.mitm" {
				madeUp = append(madeUp, cmpopts.IgnoreFields(flow.Conn{}, "ID"))
			}
			if d := cmp.Diff(through(t, data, Old), byID(t, data), madeUp); d != "" {
				t.Error(d)
			}
		})
	}
}
