package source

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
)

// FileKind says what a file that is passed over is, by its name.
type FileKind string

// The kinds.
const (
	KindPDF     FileKind = "pdf"
	KindPicture FileKind = "other_picture" // of a form that is not read: HEIC, raw, drawings
	KindText    FileKind = "text"
	KindOffice  FileKind = "office"
	KindArchive FileKind = "archive"
	KindMedia   FileKind = "media"
	KindSystem  FileKind = "system" // what systems and programs leave: Thumbs.db, desktop.ini, ~$x.docx
	KindHidden  FileKind = "hidden" // names that begin with a dot; a hidden folder counts as one
	KindOther   FileKind = "other"
)

// FileKinds are all kinds, in the order in which people are told of them.
func FileKinds() []FileKind {
	return []FileKind{KindPDF, KindPicture, KindOffice, KindText, KindArchive, KindMedia, KindSystem, KindHidden, KindOther}
}

// Passed counts files that were passed over, by kind.
type Passed map[FileKind]int

// Total is how many there are.
func (p Passed) Total() (n int) {
	for _, c := range p {
		n += c
	}
	return n
}

// kindFormats say how many there are of a kind.
var kindFormats = map[FileKind]string{
	KindPDF: "PDF: %d", KindPicture: "pictures of forms that are not read (HEIC, raw, drawings): %d", KindOffice: "office documents: %d",
	KindText: "texts: %d", KindArchive: "archives: %d", KindMedia: "films and sounds: %d", KindSystem: "the system's: %d", KindHidden: "hidden: %d", KindOther: "others: %d",
}

// List tells how many there are of each kind.
func (p Passed) List() messages.List {
	var all messages.List
	for _, k := range FileKinds() {
		if p[k] > 0 {
			all = append(all, messages.Of(kindFormats[k], p[k]))
		}
	}
	return all
}

// pictureNames are the endings by which pictures are known. Browsers and chat programs on Windows save
// JPEG as .jfif.
var pictureNames = []string{".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"}

var kindsByEnding = func() map[string]FileKind {
	kinds := map[string]FileKind{}
	for kind, endings := range map[FileKind]string{
		KindPDF:     "pdf ofd xps",
		KindPicture: "heic heif avif jp2 jxl psd ai svg dng cr2 cr3 nef arw raw ico wmf emf eps djvu caj",
		KindText:    "txt md log json ndjson jsonl csv tsv xml htm html yaml yml ini cfg eml url",
		KindOffice:  "doc docx dot dotx rtf odt wps xls xlsx xlsm et ods ppt pptx dps odp vsd vsdx mdb accdb msg pst",
		KindArchive: "zip rar 7z tar gz tgz bz2 xz zst iso cab",
		KindMedia:   "mp3 wav m4a amr wma mp4 mov avi mkv wmv 3gp flv",
		KindSystem:  "lnk tmp bak part crdownload db-journal lock",
	} {
		for ending := range strings.FieldsSeq(endings) {
			kinds["."+ending] = kind
		}
	}
	return kinds
}()

// systemNames are files and folders, in lower case, that systems keep in folders of others: shares of
// Windows and of network disks hold copies of their pictures in some of them.
var systemNames = []string{
	"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "recycler", "system volume information", "lost+found",
	"@eadir", "#recycle", "@recycle", "#snapshot", "@tmp", "__macosx",
}

// kindOf sorts a name; picture: it is that of a picture that can be read.
func kindOf(name string) (kind FileKind, picture bool) {
	lower := strings.ToLower(name)
	ending := filepath.Ext(lower)
	switch {
	case isSystem(lower):
		return KindSystem, false
	case strings.HasPrefix(lower, "."):
		return KindHidden, false
	case slices.Contains(pictureNames, ending):
		return "", true
	}
	if kind, known := kindsByEnding[ending]; known {
		return kind, false
	}
	return KindOther, false
}

// isSystem reports whether a name in lower case is one of a system's. An office program marks a document
// that is open by a file of the same name behind ~$.
func isSystem(lower string) bool {
	return lower == ".ds_store" || strings.HasPrefix(lower, "~$") || slices.Contains(systemNames, lower)
}
