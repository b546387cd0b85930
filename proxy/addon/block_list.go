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
	rules   atomic.Pointer[blockRules]
	waiting waitlist
}

// blockRules are the rules and the status of each. They are never written once they are shared.
type blockRules struct {
	rules  []*rule.Rule
	status []int
}

// NewBlockList returns the addon, which follows block_list from now on.
func NewBlockList(opts *option.Options) (*BlockList, error) {
	b := &BlockList{}
	return b, opts.Follow(func() error {
		rules := &blockRules{}
		for _, source := range opts.Strs("block_list") {
			r, err := rule.ParsePair("block_list", source, "/filter/status")
			if err != nil {
				return err
			}
			status, err := strconv.Atoi(r.Replacement)
			if err != nil || status < 200 || status > 599 {
				return r.BadReplacement("the status must be a number from 200 to 599; 444 closes the connection without an answer")
			}
			rules.rules, rules.status = append(rules.rules, r), append(rules.status, status)
		}
		b.rules.Store(rules)
		return nil
	}, "block_list")
}

// Handle answers at the headers, or when the request is whole if a filter has to know its body.
func (b *BlockList) Handle(h layer.Hook) <-chan layer.Verdict { return b.waiting.decide(h, b) }

func (b *BlockList) active() bool { return len(b.rules.Load().rules) > 0 }

func (b *BlockList) known(f *flow.Flow) bool { return known(b.rules.Load().rules, f) }

// apply applies every rule that is for the flow, in order.
func (b *BlockList) apply(f *flow.Flow) <-chan layer.Verdict {
	rules := b.rules.Load()
	for i, r := range rules.rules {
		if !r.For(f) {
			continue
		}
		note(f, "blocklisted", "true")
		if rules.status[i] == noResponse {
			f.Kill(time.Now())
			return nil
		}
		answer(f, rules.status[i], "", nil)
	}
	return nil
}
