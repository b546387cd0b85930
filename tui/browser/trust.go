package browser

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// trust puts an authority into the certificates of a profile of Firefox and reports whether it could. That takes
// certutil of NSS: the program of that name on Windows is another one.
func trust(profile string, ca *x509.Certificate) (bool, error) {
	certutil, err := exec.LookPath("certutil")
	if ca == nil || err != nil || runtime.GOOS == "windows" {
		return false, nil
	}
	file := filepath.Join(profile, "sluice-ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		return false, err
	}
	for _, args := range [][]string{
		{"-N", "-d", "sql:" + profile, "--empty-password"},
		{"-A", "-d", "sql:" + profile, "-n", "sluice", "-t", "C,,", "-i", file},
	} {
		if out, err := exec.Command(certutil, args...).CombinedOutput(); err != nil {
			return false, fmt.Errorf("have the profile trust the proxy: certutil %s: %w: %s", args[0], err, lastLine(out))
		}
	}
	return true, nil
}

// maxSaid bounds what is kept of what a browser says, in bytes.
const maxSaid = 4 << 10

// A tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-maxSaid):]...)
	t.b = append(t.b[:0], t.b[max(0, len(t.b)-maxSaid):]...)
	return len(p), nil
}

// lastLine returns the last line that says something.
func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if _, text, logged := strings.Cut(last, "] "); logged && strings.HasPrefix(last, "[") { // where Chrome has said it
		return text
	}
	return last
}
