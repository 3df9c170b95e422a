package pagetest

import "strings"

// Words returns the share of want's words, from 0 to 1, that got has in the same
// order: the length of the longest common subsequence over the number of want's
// words. "#", "-" and "|" alone are markdown and not words.
func Words(got, want string) float64 {
	g, w := words(got), words(want)
	if len(w) == 0 {
		return 1
	}
	// best[j] is the length of the longest common subsequence of the words of w so
	// far and the first j words of g.
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
