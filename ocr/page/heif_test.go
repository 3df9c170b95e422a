package page

import "testing"

// TestHEIFListsEndWithTheirData: reading a list stops at the end of the data,
// whatever number of entries the file says that the list has.
func TestHEIFListsEndWithTheirData(t *testing.T) {
	const million = "\x00\x10\x00\x00"
	h := &heif{items: map[uint32]item{}, locations: map[uint32]location{}, of: map[uint32][]int{}}
	associations := newFields([]byte("\x00\x00\x00\x00" + million))
	h.readAssociations(associations)
	locations := newFields([]byte("\x44\x00" + million))
	h.readLocations(locations, 2)
	for name, f := range map[string]*fields{"associations": associations, "locations": locations} {
		if f.ok || f.missing > 10 {
			t.Errorf("%s: %d reads beyond the end", name, f.missing)
		}
	}
}
