package addon

import (
	"strconv"
	"sync/atomic"
	"time"

	"sluice/proxy/addon/rule"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// noResponse is the status that stands for no response at all.
const noResponse = 444

// BlockList answers requests that match a filter with a status: /filter/status.
type BlockList struct {
	rules   atomic.Pointer[[]blockRule]
	waiting waitlist
}

type blockRule struct {
	*rule.Rule
	status int
}

// NewBlockList returns the addon, which follows block_list from now on.
func NewBlockList(opts *option.Options) (*BlockList, error) {
	b := &BlockList{}
	return b, opts.Follow(func() error {
		rules, err := readRules(opts, "block_list", parseBlockRule)
		if err == nil {
			b.rules.Store(&rules)
		}
		return err
	}, "block_list")
}

func parseBlockRule(source string) (b blockRule, err error) {
	if b.Rule, err = rule.ParsePair("block_list", source, "/filter/status"); err != nil {
		return b, err
	}
	if b.status, err = strconv.Atoi(b.Replacement); err != nil || b.status < 200 || b.status > 599 {
		return b, b.BadReplacement("the status must be a number from 200 to 599; 444 closes the connection without an answer")
	}
	return b, nil
}

// Handle answers at the headers, or when the request is whole if a filter has to know its body.
func (b *BlockList) Handle(h layer.Hook) <-chan layer.Verdict { return b.waiting.decide(h, b) }

func (b *BlockList) active() bool { return len(*b.rules.Load()) > 0 }

func (b *BlockList) known(f *flow.Flow) bool { return known(*b.rules.Load(), f) }

// apply applies every rule that is for the flow, in order.
func (b *BlockList) apply(f *flow.Flow) <-chan layer.Verdict {
	for _, r := range *b.rules.Load() {
		if !r.For(f) {
			continue
		}
		note(f, "blocklisted", "true")
		if r.status == noResponse {
			f.Kill(time.Now())
			return nil
		}
		answer(f, r.status, "", nil)
	}
	return nil
}
