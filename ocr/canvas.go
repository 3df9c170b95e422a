package ocr

import "math"

// tile is the side, in pixels, of the square tiles that the servers of
// DeepSeek-OCR divide an image into.
const tile = 640

// grids lists the tile grids (columns, rows) of two to six tiles from which
// these servers choose.
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

// Canvas returns the size in pixels to which the usual servers of DeepSeek-OCR
// stretch an image of the given size before the model sees the image. The
// servers take the tile grid with the nearest aspect ratio. All detail beyond
// the canvas is lost there, so an image that was reduced to cover the canvas
// loses nothing. If width or height is not positive, Canvas returns the square
// canvas.
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
