package flow

// The keys of Metadata of a TCP flow that stands for a connection on which TLS
// failed, or was passed through.
const (
	MetaTLS    = "tls"        // what became of TLS, in a few words
	MetaReason = "tls_reason" // why, where that is no error
	MetaRemedy = "tls_remedy" // what a person can do about it
)

// TLSPassed is the value of MetaTLS where the connection goes on untouched.
const TLSPassed = "TLS passed through"

// TLSNote says in a few words what became of TLS on a connection that no other
// flow tells of; "" is a flow like any other.
func (f *Flow) TLSNote() string {
	if f.Kind != TCP && f.Kind != UDP {
		return ""
	}
	return f.Metadata[MetaTLS]
}
