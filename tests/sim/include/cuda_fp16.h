// The simulator's kernel.h, which is in front of every .cu, has these types already.
#pragma once
