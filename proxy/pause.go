package proxy

// pause begins a pause, in which the socket is not read, or ends one. The caller holds the client's lock.
func (s *socket) pause(on bool) {
	switch {
	case on:
		if s.pauses++; s.pauses == 1 {
			until := make(chan struct{})
			s.paused.Store(&until)
		}
	case s.pauses == 1:
		s.endPauses()
	case s.pauses > 1:
		s.pauses--
	}
}

// endPauses has the socket read again whoever has paused it. The caller holds the client's lock.
func (s *socket) endPauses() {
	s.pauses = 0
	if until := s.paused.Swap(nil); until != nil {
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
