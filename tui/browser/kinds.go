package browser

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A target is what a browser is started with.
type target struct {
	name       string
	profile    string // a folder
	host, port string // of the proxy
	ca         *x509.Certificate
}

// A kind makes the command that starts a browser.
type kind func(t target) (*exec.Cmd, error)

var kinds = map[string]kind{"chrome": chrome, "chromium": chrome, "firefox": firefox}

// Where browsers are found: names in the PATH, or whole paths.
var (
	chromes = []string{
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		`C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`, `C:\Program Files\Google\Chrome\Application\chrome.exe`,
		"google-chrome", "google-chrome-stable", "chrome",
	}
	chromiums = []string{
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "chromium", "chromium-browser", "google-chrome-unstable",
	}
	chromeFlatpaks = []string{"com.google.Chrome", "org.chromium.Chromium", "com.github.Eloston.UngoogledChromium", "com.google.ChromeDev"}
	firefoxes      = []string{
		"/Applications/Firefox.app/Contents/MacOS/firefox", `C:\Program Files\Mozilla Firefox\firefox.exe`, "firefox", "firefox-esr",
	}
	firefoxFlatpaks = []string{"org.mozilla.firefox"}
)

// find returns the command of the first browser that is there.
func find(profile string, names, flatpaks []string) ([]string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	if flatpak, err := exec.LookPath("flatpak"); err == nil {
		for _, id := range flatpaks {
			if exec.Command(flatpak, "info", id).Run() == nil {
				return []string{flatpak, "run", "--filesystem=" + profile, "-p", id}, nil
			}
		}
	}
	return nil, errors.New("it is not installed, or not in the PATH: start it by hand and set its proxy")
}

func chrome(t target) (*exec.Cmd, error) {
	names := append(chromes[:len(chromes):len(chromes)], chromiums...)
	if t.name == "chromium" {
		names = append(chromiums[:len(chromiums):len(chromiums)], chromes...)
	}
	args, err := find(t.profile, names, chromeFlatpaks)
	if err != nil {
		return nil, err
	}
	args = append(args, "--user-data-dir="+t.profile, "--proxy-server="+net.JoinHostPort(t.host, t.port),
		"--proxy-bypass-list=<-loopback>", "--disable-fre", "--no-default-browser-check", "--no-first-run",
		"--disable-extensions")
	if t.ca != nil { // our chains have it in them, and this profile takes it for good
		sum := sha256.Sum256(t.ca.RawSubjectPublicKeyInfo)
		args = append(args, "--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(sum[:]))
	}
	args = append(args, "about:blank")
	return exec.Command(args[0], args[1:]...), nil
}

func firefox(t target) (*exec.Cmd, error) {
	args, err := find(t.profile, firefoxes, firefoxFlatpaks)
	if err != nil {
		return nil, err
	}
	var prefs strings.Builder
	for _, p := range [][2]string{
		{"network.proxy.type", "1"}, {"network.proxy.http", fmt.Sprintf("%q", t.host)}, {"network.proxy.http_port", t.port},
		{"network.proxy.ssl", fmt.Sprintf("%q", t.host)}, {"network.proxy.ssl_port", t.port}, {"network.proxy.no_proxies_on", `""`},
		{"security.enterprise_roots.enabled", "true"}, {"network.proxy.allow_hijacking_localhost", "true"}, {"browser.shell.checkDefaultBrowser", "false"},
		{"browser.aboutwelcome.enabled", "false"}, {"datareporting.policy.firstRunURL", `""`}, {"datareporting.policy.dataSubmissionEnabled", "false"},
	} {
		fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", p[0], p[1])
	}
	if err := os.WriteFile(filepath.Join(t.profile, "prefs.js"), []byte(prefs.String()), 0o600); err != nil {
		return nil, err
	}
	args = append(args, "-no-remote", "-profile", t.profile, "-new-window", "about:blank")
	return exec.Command(args[0], args[1:]...), nil
}
