package picture

func inspectTIFF(data []byte) (info Info, ok bool) {
	d, ok := readDirectory(data, 0)
	if !ok || d.width > 1<<30 || d.height > 1<<30 {
		return info, false
	}
	info.Width, info.Height, info.Orientation = int(d.width), int(d.height), int(min(d.orientation, 9))
	if d.next != 0 {
		_, info.MultiFrame = readDirectory(data, d.next)
	}
	info.decoded = 8 * info.pixels()
	return info, true
}

// stripTIFF strips nothing: in a TIFF the metadata stand in the same directory as the picture, at
// places that everything else points past, so it is drawn anew.
func stripTIFF([]byte) (clean []byte, ok bool) { return nil, false }
