package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	restLooks = time.Second // how often it is looked whether the program rests
	restBytes = 1 << 20     // allocated between two looks by a program that does
	workBytes = 16 << 20    // allocated by work after which there is something to give back
)

// A restWatch tells when a program comes to rest after work, by the bytes it has allocated.
type restWatch struct {
	seen  uint64 // at the last look
	freed uint64 // when memory was last given back
}

// due reports whether memory should be given back now that so many bytes have been allocated since the start.
func (w *restWatch) due(allocated uint64) bool {
	rests := allocated-w.seen < restBytes
	w.seen = allocated
	if !rests || allocated-w.freed < workBytes {
		return false
	}
	w.freed = allocated
	return true
}

// giveBack returns memory to the system whenever the program comes to rest, until
// done is closed. The room for garbage that tuneGC allows makes work cheap; a thousand connections
// that are idle should not go on paying for it.
func giveBack(done <-chan struct{}) {
	look := time.NewTicker(restLooks)
	defer look.Stop()
	total := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var w restWatch
	for {
		select {
		case <-look.C:
		case <-done:
			return
		}
		metrics.Read(total)
		if w.due(total[0].Value.Uint64()) {
			runtime.GC() // a stack gives up half of its room in each collection
			debug.FreeOSMemory()
		}
	}
}

// saveMemory has the heap grow to no more than half over what is alive, for a program that goes through a file and keeps nothing of it.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
