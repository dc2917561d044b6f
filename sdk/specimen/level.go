package specimen

// Level is how hard a photo is to read.
type Level string

// The levels. The width is that of the card in the picture: the mean of its upper and lower edge.
const (
	LevelFlat    Level = "flat"    // a straight crop or scan, 640 to 1600 pixels, mild JPEG
	LevelEasy    Level = "easy"    // hand-held in good light, 900 to 1600 pixels
	LevelMedium  Level = "medium"  // tilted, shadows, some blur, 600 to 1000 pixels
	LevelHard    Level = "hard"    // low light, glare, 430 to 700 pixels
	LevelExtreme Level = "extreme" // tiny and blurred, 300 to 430 pixels
	LevelCopy    Level = "copy"    // an office's scan or copy on A4, 200 to 300 dpi, 535 to 1115 pixels
)

// Levels returns the levels, the easiest first.
func Levels() []Level {
	return []Level{LevelFlat, LevelEasy, LevelMedium, LevelHard, LevelExtreme, LevelCopy}
}

// hardness holds the ranges of a level. Blur and motion are in ems of the card's text, so that they
// mean the same in every size.
type hardness struct {
	width   [2]float64 // of the card, in pixels
	fill    [2]float64 // how much of the picture the cards take, in the direction that they fill more
	tilt    float64    // most, in degrees, about each axis
	sway    float64    // standard deviation of the turn, in degrees
	anyTurn float64    // share that is turned by anything
	blur    float64    // most, standard deviation
	motion  float64    // share that is moved
	noise   float64    // most, standard deviation in levels
	quality [2]int     // of JPEG
	twice   float64    // share that was saved twice
	light   float64    // how uneven
	shadow  float64    // share with a shadow across
	dim     [2]float64 // exposure
	glare   float64    // share with a lamp's reflection
	finger  float64    // share with fingers over an edge
	cast    float64    // how far red and blue are off
	paper   float64    // share that are copies on paper, photographed
}

var hardnesses = map[Level]hardness{
	LevelFlat: {width: [2]float64{640, 1600}, blur: 0.02, noise: 2, quality: [2]int{82, 95}, light: 0.02, dim: [2]float64{0.95, 1.04}, cast: 0.02},
	LevelEasy: {width: [2]float64{900, 1600}, fill: [2]float64{0.6, 0.97}, tilt: 9, sway: 4, anyTurn: 0.12, blur: 0.04, motion: 0.03, noise: 4,
		quality: [2]int{70, 95}, twice: 0.1, light: 0.1, shadow: 0.15, dim: [2]float64{0.85, 1.1}, finger: 0.15, cast: 0.06, paper: 0.05},
	LevelMedium: {width: [2]float64{600, 1000}, fill: [2]float64{0.5, 0.97}, tilt: 17, sway: 9, anyTurn: 0.2, blur: 0.05, motion: 0.08, noise: 6,
		quality: [2]int{60, 92}, twice: 0.2, light: 0.2, shadow: 0.35, dim: [2]float64{0.7, 1.15}, glare: 0.12, finger: 0.25, cast: 0.1, paper: 0.08},
	LevelHard: {width: [2]float64{430, 700}, fill: [2]float64{0.4, 0.96}, tilt: 26, sway: 18, anyTurn: 0.35, blur: 0.07, motion: 0.15, noise: 8,
		quality: [2]int{40, 85}, twice: 0.3, light: 0.3, shadow: 0.5, dim: [2]float64{0.45, 1.25}, glare: 0.3, finger: 0.25, cast: 0.16, paper: 0.08},
	LevelExtreme: {width: [2]float64{300, 430}, fill: [2]float64{0.3, 0.95}, tilt: 28, sway: 18, anyTurn: 0.35, blur: 0.08, motion: 0.15, noise: 8,
		quality: [2]int{30, 80}, twice: 0.2, light: 0.3, shadow: 0.5, dim: [2]float64{0.45, 1.25}, glare: 0.25, finger: 0.25, cast: 0.16, paper: 0.08},
	LevelCopy: {width: [2]float64{535, 1115}},
}
