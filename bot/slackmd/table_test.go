package slackmd

import (
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"pipes", "text\n\n| a | b |\n|---|--:|\n| 1 | x \\| y |\n", "a,b\n1,x | y\n"},
		{"no outer pipes", "a | b\n---|---\n1 | 2", "a,b\n1,2\n"},
		{"two tables", "|a|\n|-|\n|1|\n\n|b|\n|-|\n|2|", "a\n1\n;b\n2\n"},
		{"a fence holds none", "```\n|a|\n|-|\n|1|\n```", ""},
		{"an underlined heading is none", "a | b\n---\ntext", ""},
		{"HTML in a line", "see <TABLE><tr><th>a<th>b<tr><td>1<td>2</table> there", "a,b\n1,2\n"},
		{"spans", "<table><tr><td rowspan=2>a</td><td colspan=\"2\">b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a,b,\n,c,d\n"},
		{"a hostile span", "<table><tr><td rowspan=100000 colspan=100000>a</td></tr><tr><td>c</td></tr></table>", "a,\n,c\n"},
		{"nested", "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>", "a b c,d\n"},
		{"not closed", "<table><tr><td>a</td><td>b\n\ntext", "a,b\n"},
		{"entities", "<table><tr><td>a &amp; b &lt;c&gt;</td></tr></table>", "a & b <c>\n"},
		{"formulas", "|a|b|c|d|e|\n|-|-|-|-|-|\n|=1+1|+A1|-A1|@A1|-12.50|\n", "a,b,c,d,e\n'=1+1,'+A1,'-A1,'@A1,-12.50\n"},
		{"UTF-8", "|名|\n|-|\n|é|", "\ufeff名\né\n"},
		{"bold", "|**a**|\n|-|\n|1|", "a\n1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []string
			for _, table := range Tables(tt.in) {
				all = append(all, string(table.CSV()))
			}
			if got := strings.Join(all, ";"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
