package command

import "context"

// A Part is a token of a command line and what it is read as.
type Part struct {
	Token
	Type  Type  // "" for whitespace
	Param Param // the parameter it is given to; its Name is "" for the command itself
	Valid bool  // it can be parsed as its type; always true for whitespace
	Err   error // why it is not valid
}

// A Parsed is a command line that may be incomplete.
type Parsed struct {
	Parts []Part
	// Remaining are the parameters that nothing was given for yet. A variadic one
	// goes once it has its first argument.
	Remaining []Param

	next Param // what a further argument would be read as
}

// Parse reads a command line as far as it has been typed. The arguments of a
// command that takes another command with its arguments are read by the other's
// parameters. Lists of choices are asked for; flow specs are resolved only if
// they are markers or IDs, filters are just checked.
func (r *Registry) Parse(line string) Parsed {
	ctx := context.Background()
	x := expectation{params: []Param{{Type: Cmd}, {Type: Arg, Variadic: true}}}
	var p Parsed
	for _, t := range Split(line) {
		if t.Space {
			p.Parts = append(p.Parts, Part{Token: t, Valid: true})
			continue
		}
		word := Unquote(t.Text)
		param := x.take()
		if param.Type == Cmd {
			x.expand(r.commands, word)
		}
		err := r.check(ctx, param, word)
		p.Parts = append(p.Parts, Part{Token: t, Type: param.Type, Param: param, Valid: err == nil, Err: err})
	}
	p.Remaining = x.remaining()
	p.next = x.take()
	return p
}

// An expectation is the list of parameters that are still to come.
type expectation struct {
	params []Param
	rest   bool // the first has arguments already; it is variadic
}

// take returns the parameter of the next argument.
func (x *expectation) take() Param {
	if len(x.params) == 0 {
		return Param{Type: Unknown}
	}
	p := x.params[0]
	if p.Variadic {
		x.rest = true
	} else {
		x.params = x.params[1:]
	}
	return p
}

// expand puts the parameters of a command in the place of the arguments expected for it.
func (x *expectation) expand(commands map[string]Command, name string) {
	if len(x.params) == 0 || x.params[0].Type != Arg || !x.params[0].Variadic {
		return
	}
	x.params = commands[name].Params // none if there is no such command
}

func (x *expectation) remaining() []Param {
	if x.rest {
		return nil
	}
	return x.params
}

// check says why an argument is not valid, without searching all flows.
func (r *Registry) check(ctx context.Context, p Param, word string) error {
	if p.Type == Flow || p.Type == FlowSeq {
		return r.checkSpec(p, word)
	}
	_, err := r.parseArg(ctx, p, word)
	return err
}
