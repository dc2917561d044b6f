package specimen

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestDemoSetIsReadAsItsTruthSays(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector; the rest of this package shows it the same goroutines")
	}
	t.Parallel()
	dir := t.TempDir()
	files, err := DemoSet(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	engine := &Recognizer{}
	contents := map[Content]int{}
	for _, f := range files {
		contents[f.Content]++
		path := filepath.Join(dir, f.Name)
		_, truthErr := os.Stat(filepath.Join(dir, f.TruthName()))
		if (truthErr == nil) != (f.Content != ContentText) {
			t.Errorf("%s: truth %v", f.Name, truthErr)
		}
		res, err := engine.Recognize(t.Context(), &shared.Request{Image: shared.Image{Path: path}})
		if f.Content == ContentText {
			if !isCode(err, shared.CodeNotAPicture) {
				t.Errorf("%s: %v", f.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		status := shared.StatusNormal
		if f.Content == ContentNoCard {
			status = shared.StatusUnknown
		}
		read := map[shared.FieldName]string{}
		for name := range res.Fields {
			read[name] = res.Value(name)
		}
		if res.Status != status || res.Side != f.Truth.Side || !maps.Equal(read, f.Truth.Values()) {
			t.Errorf("%s: %s, read %v", f.Name, res.Status, read)
		}

		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := picture.Inspect(data)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"turned-by-exif.jpg": 6}[f.Name]; info.Orientation != max(1, want) {
			t.Errorf("%s: orientation %d", f.Name, info.Orientation)
		}
		if big := info.Width*info.Height == 48_000_000; big != (f.Name == "big-48-megapixels.jpg") {
			t.Errorf("%s: %d × %d", f.Name, info.Width, info.Height)
		}
	}
	if contents[ContentCard] != 14 || contents[ContentNoCard] != 1 || contents[ContentText] != 1 {
		t.Errorf("the set holds %v", contents)
	}
}

// TestTurnedByEXIFStandsUprightWhenTurned looks where the printed number is dark and the desk is not.
func TestTurnedByEXIFStandsUprightWhenTurned(t *testing.T) {
	t.Parallel()
	scene := Scene(Draw(Cast()[1], shared.SidePortrait, Options{Width: MinWidth}), SceneOptions{})
	data, err := encodeJPEG(picture.Upright(scene, 8))
	if err != nil {
		t.Fatal(err)
	}
	img, info, err := picture.Decode(withOrientation(data, 6))
	if err != nil {
		t.Fatal(err)
	}
	upright := picture.Upright(img, info.Orientation)
	if info.Orientation != 6 || upright.Bounds().Size() != scene.Rect.Size() {
		t.Fatalf("orientation %d, %v", info.Orientation, upright.Bounds())
	}
	var apart int
	a, b := lumaOf(upright, 1), lumaOf(scene, 1)
	for i := range a.pix {
		apart += abs(int(a.pix[i]) - int(b.pix[i]))
	}
	if mean := apart / len(a.pix); mean > 4 {
		t.Errorf("the picture turned by its EXIF differs by %d on average", mean)
	}
}
