package addon

import (
	"errors"

	"sluice/proxy/layer"
)

const (
	maxReading = 64   // files that are read at once, each on a thread if the disk is slow
	maxQueued  = 4096 // those that wait for it as well
)

// A Disk reads files for hooks beside the lock that they are shown under, for a disk may be slow, or hang on a network.
// Whoever is shut down does not wait for a read, because nobody can end one that hangs. The zero Disk is not ready: use NewDisk.
type Disk struct{ queued, reading chan struct{} }

// NewDisk returns a disk that reads nothing yet.
func NewDisk() *Disk {
	return &Disk{queued: make(chan struct{}, maxQueued), reading: make(chan struct{}, maxReading)}
}

var errBusy = errors.New("too many files are being read at once: look after the disk that they are on")

// Read runs a read and then apply with its error, under the lock. Where the verdict comes is what the addon returns.
func (d *Disk) Read(read func() error, apply func(error)) <-chan layer.Verdict {
	verdict := make(chan layer.Verdict, 1)
	select {
	case d.queued <- struct{}{}:
	default:
		verdict <- layer.Verdict{Do: func() { apply(errBusy) }}
		return verdict
	}
	go func() {
		d.reading <- struct{}{}
		err := read()
		<-d.reading
		<-d.queued
		verdict <- layer.Verdict{Do: func() { apply(err) }}
	}()
	return verdict
}
