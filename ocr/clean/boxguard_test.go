package clean

import "testing"

// TestBoxGuard counts the boxes until they are a loop.
func TestBoxGuard(t *testing.T) {
	random := func(i int) corners { x := i * 7919 % 900; y := i * i * 31 % 900; return corners{x, y, x + 50, y + 30} }
	for name, c := range map[string]struct {
		box   func(i int) corners
		label string
		text  bool // between them
		want  int  // 0: never
	}{
		"steps":               {func(i int) corners { return corners{10, 20 * i, 90, 20*i + 15} }, "image", false, steadyBoxes},
		"the same":            {func(int) corners { return corners{1, 2, 3, 4} }, "", false, steadyBoxes},
		"two in turn":         {func(i int) corners { return random(i % 2) }, "image", false, 2 + sameBoxes},
		"blocks without text": {random, "text", false, emptyBoxes},
		"pictures":            {random, "image", false, 0},
		"blocks with text":    {random, "text", true, 0},
		"steps with text":     {func(i int) corners { return corners{10, 20 * i, 90, 20*i + 15} }, "text", true, 0},
	} {
		var w boxGuard
		got := 0
		for i := 1; i <= 60 && got == 0; i++ {
			if w.box(c.box(i), c.label) {
				got = i
			}
			if c.text {
				w.reset()
			}
		}
		if got != c.want {
			t.Errorf("%s: a loop after %d boxes, want %d", name, got, c.want)
		}
	}
}
