package ocr

import "math"

// tile is the side, in pixels, of the square tiles that the servers of
// DeepSeek-OCR cut an image into.
const tile = 640

// grids lists the tile grids (columns, rows) of two to six tiles that those
// servers choose from.
var grids = [...][2]int{
	{1, 6},
	{1, 5},
	{1, 4},
	{1, 3},
	{1, 2},
	{2, 3},
	{2, 2},
	{3, 2},
	{2, 1},
	{3, 1},
	{4, 1},
	{5, 1},
	{6, 1},
}

// Canvas returns the size in pixels that an image of the given size is
// stretched to by the usual servers of DeepSeek-OCR before the model sees it.
// They take the tile grid with the nearest aspect ratio. What an image has
// beyond its canvas is thrown away there, so an image that is shrunk to cover
// the canvas loses nothing. A size that is not positive gets the square canvas.
func Canvas(width, height int) (w, h int) {
	if width <= 0 || height <= 0 {
		return 2 * tile, 2 * tile
	}
	ratio := float64(width) / float64(height)
	best, nearest := grids[0], math.Inf(1)
	for _, grid := range grids {
		distance := math.Abs(float64(grid[0])/float64(grid[1]) - ratio)
		if distance < nearest {
			best, nearest = grid, distance
		}
	}
	return best[0] * tile, best[1] * tile
}
