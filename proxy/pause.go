package proxy

// setPaused has the socket not read, or read again. The caller holds the client's lock.
func (s *socket) setPaused(on bool) {
	if on {
		if s.paused.Load() == nil {
			until := make(chan struct{})
			s.paused.Store(&until)
		}
	} else if until := s.paused.Swap(nil); until != nil {
		close(*until)
	}
}

// awaitUnpaused waits until the socket may be read, or is closed.
func (s *socket) awaitUnpaused() {
	if until := s.paused.Load(); until != nil {
		select {
		case <-*until:
		case <-s.gone:
		}
	}
}
