package grid

import "strings"

// SplitAttributes reads the attributes of a cookie, "Path=/; HttpOnly", as rows of name and value. An attribute
// without a value has an empty one.
func SplitAttributes(s string) [][]string {
	var rows [][]string
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		rows = append(rows, []string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return rows
}

// JoinAttributes writes what SplitAttributes reads.
func JoinAttributes(rows [][]string) string {
	parts := make([]string, len(rows))
	for i, row := range rows {
		parts[i] = row[0]
		if row[1] != "" {
			parts[i] += "=" + row[1]
		}
	}
	return strings.Join(parts, "; ")
}

// attributesSpec is the grid in which the attributes of a cookie are edited.
func attributesSpec(cell string) Spec {
	return Spec{
		Title:   "Editing Set-Cookie attributes",
		Columns: []Column{{Name: "Name"}, {Name: "Value"}},
		Rows:    SplitAttributes(cell),
		Validate: func(row []string, col int) string {
			switch {
			case strings.ContainsAny(row[col], ";\r\n"):
				return "an attribute has no semicolon and no line break"
			case col == 0 && strings.Contains(row[col], "="):
				return "the name of an attribute has no =, write the value into the next column"
			}
			return ""
		},
	}
}
