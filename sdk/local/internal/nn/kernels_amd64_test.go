package nn

func init() { others = append(others, kernelSet{"sse", tileSSE, depthSSE}) }
