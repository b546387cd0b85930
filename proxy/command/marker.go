package command

import (
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"
)

// DefaultMarker is the marker of a flow that was marked without saying how.
const DefaultMarker = ":default:"

const defaultGlyph = "●"

// markers are the named markers. A glyph is one rune, so that a column can hold it.
var markers = map[string]string{
	DefaultMarker: defaultGlyph,

	":red_circle:": "🔴", ":orange_circle:": "🟠", ":yellow_circle:": "🟡", ":green_circle:": "🟢",
	":large_blue_circle:": "🔵", ":blue_circle:": "🔵", ":purple_circle:": "🟣", ":brown_circle:": "🟤",
	":black_circle:": "⚫", ":white_circle:": "⚪",
	":red_square:": "🟥", ":orange_square:": "🟧", ":yellow_square:": "🟨", ":green_square:": "🟩",
	":blue_square:": "🟦", ":purple_square:": "🟪",

	":heart:": "❤", ":broken_heart:": "💔", ":star:": "⭐", ":star2:": "🌟", ":sparkles:": "✨", ":boom:": "💥",
	":zap:": "⚡", ":fire:": "🔥", ":snowflake:": "❄", ":sunny:": "☀", ":rainbow:": "🌈", ":droplet:": "💧",

	":warning:": "⚠", ":no_entry:": "⛔", ":x:": "❌", ":heavy_check_mark:": "✔", ":white_check_mark:": "✅",
	":question:": "❓", ":exclamation:": "❗", ":bangbang:": "‼", ":100:": "💯", ":recycle:": "♻",
	":triangular_flag_on_post:": "🚩", ":stop_sign:": "🛑", ":rotating_light:": "🚨",

	":bug:": "🐛", ":beetle:": "🐞", ":key:": "🔑", ":lock:": "🔒", ":unlock:": "🔓", ":closed_lock_with_key:": "🔐",
	":mag:": "🔍", ":bulb:": "💡", ":pushpin:": "📌", ":bookmark:": "🔖", ":link:": "🔗", ":memo:": "📝",
	":wrench:": "🔧", ":hammer:": "🔨", ":gear:": "⚙", ":bomb:": "💣", ":gem:": "💎", ":bell:": "🔔",
	":hourglass:": "⌛", ":rocket:": "🚀", ":eyes:": "👀", ":skull:": "💀", ":ghost:": "👻", ":robot:": "🤖",
	":thumbsup:": "👍", ":+1:": "👍", ":thumbsdown:": "👎", ":-1:": "👎", ":wave:": "👋", ":pray:": "🙏",
	":smile:": "😄", ":thinking:": "🤔", ":cry:": "😢", ":tada:": "🎉", ":pizza:": "🍕", ":coffee:": "☕",
	":grapes:": "🍇", ":apple:": "🍎", ":banana:": "🍌", ":cookie:": "🍪", ":beer:": "🍺", ":cat:": "🐱", ":dog:": "🐶",
}

// markerNames lists the names of all markers in order. A single letter is a marker too.
func markerNames() []string { return slices.Sorted(maps.Keys(markers)) }

// MarkerGlyph returns the one rune that shows a marker: nothing for no marker,
// and the default marker's for a name that is not known.
func MarkerGlyph(name string) string {
	if name == "" {
		return ""
	}
	if glyph, ok := markers[name]; ok {
		return glyph
	}
	if isLetter(name) {
		return name
	}
	return defaultGlyph
}

func validMarker(name string) bool {
	_, ok := markers[name]
	return ok || isLetter(name)
}

func isLetter(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n == len(s) && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
