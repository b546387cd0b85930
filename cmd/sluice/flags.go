package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/proxy/filter"
	"sluice/proxy/option"
)

// newRoot returns the command line: the console, and dump below it.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "sluice [flags] [filter]",
		Short: "A terminal intercepting proxy",
		Long: "Sluice is a terminal intercepting proxy. Point a client at it and see, hold, edit and replay what it sends.\n" +
			"With a filter only the flows that match it are listed.",
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          runConsole,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	bind(root, option.ConsoleFlags())
	dump := &cobra.Command{
		Use:   "dump [flags] [filter]",
		Short: "Print flows instead of opening the console",
		Long:  "Print flows as they end. Everything from the first word that is no flag is the filter of what is read, printed and saved.",
		Args:  cobra.ArbitraryArgs,
		RunE:  runDump,
	}
	bind(dump, option.DumpFlags())
	root.AddCommand(dump)
	root.AddCommand(topics()...)
	root.SetHelpCommand(helpCommand())
	return root
}

// helpCommand returns the command that prints the help of a command or a topic. That of cobra prints the root's for those that there are not.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [topic]", Short: "Help about a topic or a command",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("there is no help about %q: sluice help lists the topics, sluice --options and --commands all else", strings.Join(args, " "))
			}
			return cmd.Help()
		},
	}
}

// bind gives a command the flags of all programs and its own.
func bind(cmd *cobra.Command, own []string) {
	fs := cmd.Flags()
	fs.SetInterspersed(false)
	fs.SortFlags = false
	option.BindFlags(fs, option.CommonFlags()...)
	option.BindFlags(fs, own...)
	fs.StringArray("set", nil, "Set an option: name[=value]. May be repeated.")
	fs.Bool("options", false, "Print all options with their defaults, as a config file.")
	fs.Bool("commands", false, "Print all commands of the console.")
	fs.Bool("version", false, "Print the version.")
	cmd.RunE = sayVersion(cmd.RunE)
	fs.String("cpuprofile", "", "Write a CPU profile to this file.")
	_ = fs.MarkHidden("cpuprofile")
	cmd.SetFlagErrorFunc(flagError)
}

// sayVersion has --version go before all else. What cobra has for it makes the program a sixth larger: with a template it
// may call any method by its name, and so the linker leaves none out.
func sayVersion(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if on, _ := cmd.Flags().GetBool("version"); on {
			_, err := fmt.Fprint(cmd.OutOrStdout(), version())
			return err
		}
		return run(cmd, args)
	}
}

// settings returns the options as the config files and the command line say. The words of a filter go to some options.
func settings(fs *pflag.FlagSet, words []string, filters ...string) (*option.Options, error) {
	opts := option.New()
	src := option.Sources{Flags: option.FlagValues(fs)}
	src.Set, _ = fs.GetStringArray("set")
	if len(words) > 0 {
		for _, name := range filters {
			src.Flags[name] = strings.Join(words, " ")
		}
	}
	if err := opts.Apply(src); err != nil {
		return nil, err
	}
	for _, name := range []string{"dumper_filter", "view_filter", "intercept", "readfile_filter", "save_stream_filter"} {
		if expr := opts.Str(name); expr != "" {
			if _, err := filter.Parse(expr); err != nil && len(words) > 0 && slices.Contains(filters, name) {
				return nil, err
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return opts, nil
}

var (
	unknownFlag      = regexp.MustCompile(`^unknown flag: --(.*)`)
	unknownShorthand = regexp.MustCompile(`^unknown shorthand flag: '(.)' in `)
)

// oldFlags says what has taken the place of flags that people may remember from mitmproxy, "" of nothing.
var oldFlags = map[string]string{
	"i": "--intercept FILTER", "b": "--listen-host HOST", "c": "-C FILE", "d": "--flow-detail LEVEL", "t": "--stickycookie FILTER",
	"u": "--stickyauth FILTER", "a": "-w +FILE", "z": "--anticomp", "I": "--ignore-hosts HOST", "f": "--view-filter FILTER",
	"R": "--mode reverse:URL", "U": "--mode upstream:URL", "T": "--mode transparent", "Z": "--set body_size_limit=SIZE", "e": "",
	"host": "--showhost", "socks": "--mode socks5", "port": "-p PORT", "insecure": "-k", "wfile": "-w FILE", "afile": "-w +FILE",
	"bind-address": "--listen-host HOST", "ignore": "--ignore-hosts HOST", "tcp": "--tcp-hosts HOST", "cert": "--certs FILE",
	"filter": "--view-filter FILTER", "replace": "--modify-body or --modify-headers", "replacements": "--modify-body or --modify-headers",
	"stream": "--set stream_large_bodies=SIZE", "no-pop": "--server-replay-reuse", "server-replay-nopop": "--server-replay-reuse",
	"no-mouse": "--set console_mouse=false", "no-upstream-cert": "--set upstream_cert=false", "cadir": "--set confdir=FOLDER",
	"upstream-trusted-ca":         "--set ssl_verify_upstream_trusted_ca=FILE",
	"upstream-trusted-confdir":    "--set ssl_verify_upstream_trusted_confdir=FOLDER",
	"replay-ignore-content":       "--set server_replay_ignore_content",
	"replay-ignore-host":          "--set server_replay_ignore_host",
	"replay-ignore-param":         "--set server_replay_ignore_params=NAME",
	"replay-ignore-payload-param": "--set server_replay_ignore_payload_params=NAME",
	"server-replay-use-header":    "--set server_replay_use_headers=NAME",
	"palette":                     "--set console_palette=NAME",
	"follow":                      "--set console_focus_follow",
	"order":                       "--set view_order=NAME",
	"singleuser":                  "--proxyauth USER:PASS", "nonanonymous": "--proxyauth any", "htpasswd": "--proxyauth @FILE",
	"eventlog": "", "norefresh": "",
}

// flagError says what to write instead of a flag that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if m := unknownShorthand.FindStringSubmatch(text); m != nil {
		if err := oldFlag("-" + m[1]); err != nil {
			return err
		}
		return fmt.Errorf("unknown flag -%s: see %s --help", m[1], cmd.CommandPath())
	}
	m := unknownFlag.FindStringSubmatch(text)
	if m == nil {
		return err
	}
	if err := oldFlag("--" + m[1]); err != nil {
		return err
	}
	dashed := strings.ReplaceAll(m[1], "_", "-")
	if cmd.Flags().Lookup(dashed) != nil {
		return fmt.Errorf("unknown flag --%s: write --%s", m[1], dashed)
	}
	s, err := option.Lookup(strings.ReplaceAll(m[1], "-", "_"))
	if err == nil {
		return fmt.Errorf("unknown flag --%s: write --set %s", m[1], withValue(s))
	}
	if off, ok := strings.CutPrefix(m[1], "no-"); ok {
		if s, err := option.Lookup(strings.ReplaceAll(off, "-", "_")); err == nil && s.Type == option.Bool {
			return fmt.Errorf("unknown flag --%s: write --set %s=false", m[1], s.Name)
		}
	}
	if _, near, ok := strings.Cut(err.Error(), "did you mean "); ok {
		near = strings.TrimSuffix(near, "?")
		if f := strings.ReplaceAll(near, "_", "-"); cmd.Flags().Lookup(f) != nil {
			return fmt.Errorf("unknown flag --%s: did you mean --%s?", m[1], f)
		}
		return fmt.Errorf("unknown flag --%s: did you mean --set %s=VALUE?", m[1], near)
	}
	return errors.New(text + ": see " + cmd.CommandPath() + " --help")
}

// oldFlag says what to write instead of a flag with its dashes that mitmproxy once had; nil of others.
func oldFlag(flag string) error {
	switch now, old := oldFlags[strings.TrimLeft(flag, "-")]; {
	case now != "":
		return fmt.Errorf("unknown flag %s: write %s", flag, now)
	case old:
		return fmt.Errorf("unknown flag %s: nothing is in its place, leave it out", flag)
	}
	return nil
}

// withValue returns how --set is given an option, which a switch needs no value for.
func withValue(s option.Spec) string {
	if s.Type == option.Bool {
		return s.Name
	}
	return s.Name + "=VALUE"
}
