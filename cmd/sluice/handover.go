package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"sluice/proxy"
)

// handOver puts the program that has WireGuard in the place of this one if that is what err is about. It returns what a
// person should read: err, if there is no such program beside this one.
func handOver(err error) error {
	if proxy.ErrNoWireguard == nil || !errors.Is(err, proxy.ErrNoWireguard) {
		return err
	}
	self, selfErr := os.Executable()
	if selfErr != nil {
		return err
	}
	other := self + "-wireguard"
	if _, statErr := os.Stat(other); errors.Is(statErr, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w (%s is there, but: %w)", err, other, syscall.Exec(other, os.Args, os.Environ()))
}
