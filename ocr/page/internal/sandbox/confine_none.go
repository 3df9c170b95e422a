//go:build !linux

package sandbox

// Apply does nothing: only the limits of memory and time hold here.
func (c Confinement) Apply() Protections { return Protections{} }
