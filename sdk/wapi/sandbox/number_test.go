package sandbox

import (
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestNumberTypeAgainstBirthAndSex(t *testing.T) {
	t.Parallel()
	// 11010519491231002X is the example of GB 11643-1999: a woman born on 1949-12-31.
	for _, tt := range []struct {
		number, birth, sex string
		empty              bool
		want               shared.NumberCheck
	}{
		{"", "", "", true, shared.NumberAllEmpty},
		{"", "19491231", "女", false, shared.NumberInvalid},
		{"11010519491231002X", "19491231", "女", false, shared.NumberAgrees},
		{"11010519491231002x", "19491231", "女", false, shared.NumberAgrees},
		{"11010519491231002X", "", "", false, shared.NumberAgrees},
		{"11010519491231002X", "19491230", "男", false, shared.NumberDisagrees},
		{"11010519491231002X", "19491230", "女", false, shared.NumberBirthDiffers},
		{"11010519491231002X", "19491231", "男", false, shared.NumberSexDiffers},
		{"110105194912310021", "19491231", "女", false, shared.NumberInvalid}, // check character
		{"110105194902300025", "", "", false, shared.NumberInvalid},          // 30 February
		{"11010519491231O02X", "", "", false, shared.NumberInvalid},
		{"1101051949123100", "", "", false, shared.NumberInvalid},
		{"110105491231002", "19491231", "女", false, shared.NumberAgrees},
		{"362532199404064129", "19940406", "女", false, shared.NumberInvalid}, // the page's example ends in 9 instead of 7
		{"362532199404064127", "19940406", "女", false, shared.NumberAgrees},
	} {
		if got := numberType(tt.number, tt.birth, tt.sex, tt.empty); got != tt.want {
			t.Errorf("%s %s %s: %d, want %d", tt.number, tt.birth, tt.sex, got, tt.want)
		}
	}
}
