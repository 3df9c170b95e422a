package pagetest

import "strings"

// Words tells which share of want's words, from 0 to 1, stands in got in the
// same order: the longest common subsequence of both, over the number of
// want's words. Words are compared to the letter; the marks "#", "-" and "|"
// that stand alone are markdown and no words.
func Words(got, want string) float64 {
	g, w := words(got), words(want)
	if len(w) == 0 {
		return 1
	}
	// The length of the longest common subsequence of what was seen of w and
	// the first j words of g.
	best := make([]int, len(g)+1)
	for _, word := range w {
		diagonal := 0
		for j := range g {
			above := best[j+1]
			if g[j] == word {
				best[j+1] = diagonal + 1
			} else {
				best[j+1] = max(above, best[j])
			}
			diagonal = above
		}
	}
	return float64(best[len(g)]) / float64(len(w))
}

func words(text string) []string {
	var all []string
	for word := range strings.FieldsSeq(text) {
		if strings.Trim(word, "#-|") != "" {
			all = append(all, word)
		}
	}
	return all
}
