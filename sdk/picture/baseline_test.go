package picture

import "testing"

func TestEveryKindOfSequentialJPEGIsReadOrRefusedAsByTheStandardDecoder(t *testing.T) {
	t.Parallel()
	refused := map[string]bool{
		"escape behind the blocks": true, "escape behind a restart": true, "escape in front": true, "escape between": true,
		"height at the end": true,
	}
	for name, k := range plainJPEGs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if read := sameLuma(t, k.data); read == refused[name] {
				t.Errorf("read: %v", read)
			}
			if _, ordinary := baselineLuma(k.data); ordinary != k.ordinary {
				t.Errorf("taken for an ordinary one: %v", ordinary)
			}
		})
	}
}
