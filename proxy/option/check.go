package option

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const maxInt = math.MaxInt32

// between returns a check that an int lies between low and high, both included.
func between(low, high int) func(any) error {
	return func(v any) error {
		if n := v.(int); n >= low && n <= high {
			return nil
		}
		if high == maxInt {
			return fmt.Errorf("%d is too small: give at least %d", v, low)
		}
		return fmt.Errorf("%d is out of range: give a number from %d to %d", v, low, high)
	}
}

func oneOrUnlimited(v any) error {
	if n := v.(int); n != 1 && n != -1 {
		return fmt.Errorf("%d is not possible: give 1, or -1 for no limit", n)
	}
	return nil
}

func saveFormat(v any) error {
	if n := v.(int); n != 21 && n != 8 {
		return fmt.Errorf("flows can't be written in format %d: give 21, or 8 for mitmproxy 8", n)
	}
	return nil
}

func regexps(v any) error {
	for _, expr := range v.([]string) {
		if _, err := regexp.Compile(expr); err != nil {
			return fmt.Errorf("%q is not a regular expression: %w", expr, err)
		}
	}
	return nil
}

func ipLiteral(v any) error {
	if _, err := netip.ParseAddr(v.(string)); err != nil {
		return fmt.Errorf("%q is not an IP address: give one such as 192.0.2.1 or 2001:db8::1", v)
	}
	return nil
}

func nameServers(v any) error {
	for _, s := range v.([]string) {
		_, ip := netip.ParseAddr(strings.Trim(s, "[]"))
		if _, err := netip.ParseAddrPort(s); err != nil && ip != nil {
			return fmt.Errorf("%q is not a name server: give an IP address such as 192.0.2.53, or 192.0.2.53:5353", s)
		}
	}
	return nil
}

func userPass(v any) error {
	if user, _, ok := strings.Cut(v.(string), ":"); !ok || user == "" {
		return errors.New("write it as user:pass")
	}
	return nil
}

func certSpecs(v any) error {
	for _, spec := range v.([]string) {
		domain, path, ok := strings.Cut(spec, "=")
		if !ok {
			domain, path = "*", spec
		}
		if domain == "" || path == "" {
			return fmt.Errorf("%q is not a certificate: write it as [domain=]path", spec)
		}
	}
	return nil
}

func size(v any) error {
	_, err := ParseSize(v.(string))
	return err
}

// ParseSize reads a number of bytes with an optional suffix b, k, m, g or t, in
// either case; k is 1024.
func ParseSize(s string) (int64, error) {
	digits, shift := s, 0
	if s != "" {
		if i := strings.IndexByte("bkmgt", s[len(s)-1]|0x20); i >= 0 {
			digits, shift = s[:len(s)-1], 10*i
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is not a size: write a number of bytes such as 500, 64k, 3m or 1g", s)
	}
	return int64(n) << shift, nil
}
